"""The committed files are those of the models, and every schema says what its model does."""

import json
import re

import orjson
import pytest
from hypothesis import given, settings
from made_events import events_named

from contracts import generate, schema_files
from contracts.events import EVENTS, CompensationRequested, EventData, PartnerOnboardingInitiated
from contracts.operator import OPERATOR_EVENTS

MODELS = {**EVENTS, **OPERATOR_EVENTS}
KEYS = list(MODELS)


def test_the_committed_files_are_up_to_date_and_break_nothing():
    assert generate.broken() == [], "a published contract was broken: add a new version instead"
    assert generate.drifted() == [], f"run {generate.COMMAND}"


def test_check_tells_what_drifted_and_how_to_mend_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(generate.drifted, "__defaults__", (tmp_path, EVENTS))
    assert generate.main(["--check"]) == 1
    assert "asyncapi.json: run python -m contracts.generate\n" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_generating_twice_gives_the_same_files_and_the_second_time_none(tmp_path):
    written = generate.generate(tmp_path)
    assert len(written) == 1 + 3 * len(MODELS)
    assert generate.generate(tmp_path) == generate.drifted(tmp_path) == []
    for name in written:
        assert (tmp_path / name).read_text() == (generate.ROOT / name).read_text(), name


def test_an_existing_example_is_never_written_again(tmp_path):
    generate.generate(tmp_path)
    example = tmp_path / "examples" / "ContractCreated.v1.json"
    example.write_text("frozen")
    assert generate.generate(tmp_path) == []
    assert example.read_text() == "frozen"


def test_an_event_without_an_example_is_refused_with_what_to_do(tmp_path):
    class Unheard(EventData):
        """An event that nobody gave an example."""

    with pytest.raises(LookupError, match=re.escape("add one to contracts/example_saga.py")):
        generate.generate(tmp_path, {**EVENTS, ("Unheard", 1): Unheard})


def test_versions_of_an_event_are_numbered_without_a_gap_and_each_has_its_files():
    for name in {name for name, _ in KEYS}:
        versions = sorted(version for other, version in KEYS if other == name)
        assert versions == list(range(1, len(versions) + 1))
    for name, version in KEYS:
        assert schema_files.schema(name, version)["$id"] == f"/schemas/{name}.v{version}.json"
        assert (
            schema_files.example(name, version)["headers"]["ce_dataschema"]
            == f"/schemas/{name}.v{version}.json"
        )


def test_no_file_stands_there_without_an_event():
    names = {f"{name}.v{version}.json" for name, version in KEYS}
    for folder in ("schemas", "examples"):
        assert {path.name for path in (generate.ROOT / folder).glob("*.json")} == names


def test_files_are_sorted_json_with_a_newline_at_the_end():
    for name, version in KEYS:
        text = schema_files.schema_text(name, version)
        assert text.endswith("}\n")
        assert list(json.loads(text)) == sorted(json.loads(text))


def test_a_schema_that_is_not_there_is_told_by_its_path():
    with pytest.raises(FileNotFoundError, match=r"Unheard\.v1\.json"):
        schema_files.schema("Unheard", 1)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key[0])
def test_the_example_fits_its_schema(key):
    assert schema_files.wrong_in(*key, schema_files.example(*key)["value"]) == []


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key[0])
def test_whatever_a_model_writes_fits_its_schema(key):
    @settings(max_examples=40)
    @given(events_named(key[0]))
    def check(data):
        written = orjson.loads(data.model_dump_json(exclude_none=True))
        assert schema_files.wrong_in(*key, written) == []

    check()


def test_what_is_wrong_is_told_without_its_value():
    wrong = {
        "partner_data": {
            "nombre": "x",
            "email": "ana@secret.example",
            "telefono": 5,
            "tipo_partner": "secret",
        }
    }
    told = schema_files.wrong_in("PartnerOnboardingInitiated", 1, wrong)
    assert len(told) == 2
    assert all(line.startswith("partner_data.t") for line in told)
    assert "secret" not in " ".join(told)


def test_what_is_missing_is_told_by_its_name():
    told = schema_files.wrong_in(
        "CompensationRequested", 1, {"code": "X", "reason": "y", "requested_by": "z"}
    )
    assert told == ['data: "failed_step" is a required property']
    assert "failed_step" in CompensationRequested.model_fields


def test_the_plain_payload_of_real_producers_fits():
    value = schema_files.example(PartnerOnboardingInitiated.__name__, 1)["value"]
    assert set(value["partner_data"]) == {
        "nombre",
        "email",
        "telefono",
        "tipo_partner",
        "preferred_contract_type",
    }
