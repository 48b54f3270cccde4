"""A breaking change of a published event is refused; a harmless one is not."""

import json
from typing import Any, Literal

import pytest
from pydantic import Field, create_model

from contracts import generate
from contracts.compatibility import breaks, shape
from contracts.events import EVENTS, ContractCreated, EventData
from contracts.facts import Contract, Model, Partner, Wishes
from contracts.json_schemas import json_schema


class Inner(Model):
    """A block inside."""

    kind: Literal["A", "B"]
    note: str | None = None


FIELDS: dict[str, Any] = {
    "name": (str, Field(max_length=20)),
    "size": (int | None, None),
    "kind": (Literal["A", "B"], "A"),
    "inner": (Inner, ...),
    "inners": (tuple[Inner, ...], ()),
    "wish": (str | Inner | None, None),
    "day": (str, Field(json_schema_extra={"format": "date"})),
}


def shape_of(**changed: Any) -> dict[str, Any]:
    """The shape of an event of FIELDS with some changed; None: left out."""
    fields = {name: field for name, field in {**FIELDS, **changed}.items() if field is not None}
    return shape(json_schema(create_model("Planted", __base__=EventData, **fields)))


def inner_with(**fields: Any) -> type[Model]:
    return create_model(
        "Inner",
        __base__=Model,
        **{"kind": (Literal["A", "B"], ...), "note": (str | None, None), **fields},
    )


PUBLISHED = shape_of()

BREAKING = {
    "required field removed": shape_of(name=None),
    "optional field removed": shape_of(size=None),
    "field renamed": shape_of(name=None, label=(str, ...)),
    "optional field renamed": shape_of(size=None, length=(int | None, None)),
    "required field added": shape_of(extra=(str, ...)),
    "type changed": shape_of(name=(int, ...)),
    "optional type changed": shape_of(size=(str | None, None)),
    "null refused": shape_of(size=(int, 0)),
    "null allowed": shape_of(name=(str | None, Field(max_length=20))),
    "length narrowed": shape_of(name=(str, Field(max_length=10))),
    "length widened": shape_of(name=(str, Field(max_length=30))),
    "pattern added": shape_of(name=(str, Field(max_length=20, pattern="^a$"))),
    "format changed": shape_of(day=(str, Field(json_schema_extra={"format": "time"}))),
    "format removed": shape_of(day=(str, ...)),
    "enum value removed": shape_of(kind=(Literal["A"], "A")),
    "enum value added": shape_of(kind=(Literal["A", "B", "C"], "A")),
    "default changed": shape_of(kind=(Literal["A", "B"], "B")),
    "required made optional": shape_of(name=(str, Field("x", max_length=20))),
    "optional made required": shape_of(size=(int | None, ...)),
    "list made a single one": shape_of(inners=(Inner, ...)),
    "removed deep inside": shape_of(inner=(inner_with(note=(str | None, "x")), ...)),
    "enum removed in a list": shape_of(
        inners=(tuple[inner_with(kind=(Literal["A"], ...)), ...], ())
    ),
    "required added in a union": shape_of(wish=(str | inner_with(more=(str, ...)) | None, None)),
    "union branch removed": shape_of(wish=(Inner | None, None)),
}

HARMLESS = {
    "nothing": shape_of(),
    "optional field added": shape_of(extra=(str | None, None)),
    "field with a default added": shape_of(extra=(Literal["X", "Y"], "X")),
    "optional block added": shape_of(extra=(Inner | None, None)),
    "optional field added deep inside": shape_of(
        inner=(inner_with(more=(int | None, None)), ...),
        inners=(tuple[inner_with(more=(int | None, None)), ...], ()),
        wish=(str | inner_with(more=(int | None, None)) | None, None),
    ),
    "description changed": shape_of(
        name=(str, Field(max_length=20, title="T", description="Other words."))
    ),
}


@pytest.mark.parametrize("change", BREAKING)
def test_a_breaking_change_is_found(change):
    assert breaks(PUBLISHED, BREAKING[change])


@pytest.mark.parametrize("change", HARMLESS)
def test_a_harmless_change_is_let_through(change):
    assert breaks(PUBLISHED, HARMLESS[change]) == []


def test_what_breaks_is_told_with_its_place():
    assert breaks(PUBLISHED, BREAKING["optional field removed"]) == ["data.size went away"]
    assert 'data.kind: default "B" was changed' in breaks(PUBLISHED, BREAKING["default changed"])
    told = breaks(PUBLISHED, BREAKING["required field added"])
    assert told == ["what was written by the published schema cannot be read now"]


def test_a_property_may_be_called_like_a_word_of_json_schema():
    model = create_model(
        "Planted", __base__=EventData, title=(str, ...), description=(str, ...), default=(str, "x")
    )
    assert set(shape(json_schema(model))["properties"]) == {"title", "description", "default"}
    without = create_model(
        "Planted", __base__=EventData, description=(str, ...), default=(str, "x")
    )
    assert breaks(shape(json_schema(model)), shape(json_schema(without)))


def test_a_shape_that_holds_itself_is_compared_too():
    tree = {
        "$defs": {"T": {"type": "object", "properties": {"next": {"$ref": "#/$defs/T"}}}},
        "type": "object",
        "properties": {"t": {"$ref": "#/$defs/T"}},
    }
    other = {
        "$defs": {"T": {"type": "object", "properties": {}}},
        "type": "object",
        "properties": {"t": {"$ref": "#/$defs/T"}},
    }
    assert "data.t.next went away" in breaks(tree, other)


def changed_contract(**fields: Any) -> dict[Any, Any]:
    """The events with ContractCreated (version 1) changed in place."""
    model = create_model(
        "ContractCreated",
        __base__=EventData,
        __doc__=ContractCreated.__doc__,
        **{
            "partner": (Partner, ...),
            "answer_within_seconds": (
                float | None,
                ContractCreated.model_fields["answer_within_seconds"],
            ),
            "contract": (Contract, ...),
            "wishes": (Wishes, Wishes()),
            **fields,
        },
    )
    return {**EVENTS, ("ContractCreated", 1): model}


def test_a_breaking_change_of_a_real_event_is_refused_and_nothing_is_written(tmp_path):
    generate.generate(tmp_path)
    before = {path: path.read_text() for path in tmp_path.rglob("*.json")}
    events = changed_contract(region=(str, ...))
    assert generate.broken(tmp_path, events)[0].startswith("ContractCreated.v1: ")
    assert generate.generate(tmp_path, events) == []
    assert {path: path.read_text() for path in tmp_path.rglob("*.json")} == before


def test_an_optional_field_is_added_under_the_next_number_and_binds_from_then_on(tmp_path):
    generate.generate(tmp_path)
    with_region = changed_contract(region=(str | None, None))
    assert generate.generate(tmp_path, with_region) == [
        "schemas/ContractCreated.v1.json",
        "schemas/published/ContractCreated.v1.2.json",
    ]
    assert generate.broken(tmp_path, with_region) == []
    assert generate.broken(tmp_path, changed_contract(region=(int | None, None)))
    assert generate.broken(tmp_path) == [
        "ContractCreated.v1: data.region went away (ContractCreated.v1.2.json)"
    ]


def test_a_new_optional_wish_breaks_no_event_that_hands_wishes_on(tmp_path):
    generate.generate(tmp_path)
    more = create_model("Wishes", __base__=Wishes, colour=(str | None, None))
    assert generate.broken(tmp_path, changed_contract(wishes=(more, more()))) == []


def test_another_default_inside_the_wishes_is_found(tmp_path):
    generate.generate(tmp_path)
    assert generate.broken(
        tmp_path, changed_contract(wishes=(Wishes, Wishes(preferred_contract_type="BASIC")))
    )


def test_a_version_that_was_published_may_not_go_away(tmp_path):
    generate.generate(tmp_path)
    fewer = {key: model for key, model in EVENTS.items() if key[0] != "ContractCreated"}
    assert generate.broken(tmp_path, fewer) == [
        "ContractCreated.v1: was published and has no model any more"
    ]


def test_the_events_of_operators_are_bound_to_what_was_published_too(tmp_path):
    generate.generate(tmp_path)
    published = tmp_path / "schemas" / "published" / "StepParked.v1.1.json"
    more = json.loads(published.read_text())
    more["properties"]["severity"] = {"type": "string"}
    published.write_text(json.dumps(more))
    assert "StepParked.v1: data.severity went away" in generate.broken(tmp_path)[-1]


def test_a_new_version_need_not_fit_the_one_before(tmp_path):
    generate.generate(tmp_path)
    second = create_model("ContractCreated", __base__=EventData, number=(str, ...))
    second.VERSION = 2
    events = {**EVENTS, ("ContractCreated", 2): second}
    assert generate.broken(tmp_path, events) == []
