"""What `onboarding start` reads: one object or many lines, and which lines are bad."""

import json
from pathlib import Path

import pytest

from contracts.journey import PARTNER_ONBOARDING_1
from services.cli.errors import CliError
from services.cli.start_input import BadLineError, joined, lines_of_file, wish_of, wishes_of
from services.cli.start_messages import all_ready, journey_named
from services.runtime.settings import load_settings

BARE = {"nombre": "A", "email": "a@example.com"}


def ready(*lines: object, **settings: object):
    texts = [(number, json.dumps(line)) for number, line in enumerate(lines, 1)]
    wishes, bad = wishes_of(texts, "f")
    made, unreadable = all_ready(wishes, PARTNER_ONBOARDING_1, "default", load_settings(**settings))
    return made, bad + unreadable


def test_bare_partner_data_and_the_wrapped_one_read_the_same():
    assert wish_of(json.dumps(BARE), "x").partner_data == BARE
    wrapped = wish_of(json.dumps({"partner_data": BARE, "correlation_id": "c"}), "x")
    assert (wrapped.partner_data, wrapped.correlation_id) == (BARE, "c")


def test_a_correlation_id_within_the_data_counts_when_there_is_none_beside_it():
    inside = {**BARE, "correlation_id": "inside"}
    assert wish_of(json.dumps(inside), "x").correlation_id == "inside"
    both = {"partner_data": inside, "correlation_id": "beside"}
    assert wish_of(json.dumps(both), "x").correlation_id == "beside"
    assert wish_of(json.dumps({**inside, "correlation_id": None}), "x").correlation_id is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ('{"partner_data": 1}', "partner_data is not an object"),
        ('{"correlation_id": 7}', "correlation_id is not a text"),
        ("[" * 100_000, "nested too deep"),
    ],
)
def test_a_bad_line_is_named_with_its_file_and_number(text, why):
    with pytest.raises(BadLineError, match=f"^starts.jsonl:3: {why}"):
        wish_of(text, "starts.jsonl:3")


def test_blank_lines_count_but_are_no_starts(tmp_path: Path):
    file = tmp_path / "s.jsonl"
    file.write_text(f"\n{json.dumps(BARE)}\n\n  \nbad\n")
    wishes, bad = wishes_of(lines_of_file(str(file)), "s")
    assert [wish.place for wish in wishes] == ["s:2"]
    assert bad[0].startswith("s:5: not JSON")


def test_an_object_over_many_lines_is_one_start(tmp_path: Path):
    file = tmp_path / "s.json"
    file.write_text(json.dumps({"partner_data": BARE}, indent=2))
    wishes, bad = wishes_of(lines_of_file(str(file)), "s")
    assert ([wish.partner_data for wish in wishes], bad) == ([BARE], [])


def test_many_lines_stay_many_even_if_the_first_is_bad():
    assert len(joined([(1, "bad"), (2, "{}")])) == 2
    assert len(joined([(1, "{bad}"), (2, "{}")])) == 2


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xff\xfe"])
def test_a_file_without_an_object_is_refused_by_name(tmp_path: Path, content):
    file = tmp_path / "s.json"
    file.write_bytes(content)
    with pytest.raises(CliError, match=r"s\.json: ") as refused:
        lines_of_file(str(file))
    assert refused.value.exit_code == 2


def test_what_is_wrong_inside_partner_data_is_sent_for_the_steps_to_say():
    made, bad = ready({"email": 7}, {})
    assert (len(made), bad) == (2, [])


def test_a_line_that_the_services_would_put_aside_as_poison_is_bad():
    _, bad = ready(BARE, {"nombre": "x" * 500}, event_max_bytes=400)
    assert len(bad) == 1
    assert bad[0].endswith(" bytes, at most 400 are read")
    _, bad = ready(BARE, tenants="acme")
    assert bad == ["f:1: ce_tenantid is not one of ONBOARDING_TENANTS"]
    _, bad = ready({"nombre": 1 << 70})
    assert bad == ["f:1: a value has no JSON form that all can read"]


def test_one_correlation_id_with_other_data_is_bad_the_same_data_again_is_not():
    one = {"partner_data": BARE, "correlation_id": "c"}
    made, bad = ready(one, one, {"partner_data": {}, "correlation_id": "c"})
    assert len({start.context.saga_id for start in made}) == 1
    assert bad == ["f:3: the correlation_id of f:1, with other data"]


def test_a_journey_is_named_with_or_without_its_version():
    settings = load_settings()
    for text in ("partner-creation", "partner-creation/1"):
        assert journey_named(text, settings).label == "partner-creation/1"
    with pytest.raises(CliError, match="it is one of partner-onboarding/1, partner-creation/1"):
        journey_named("partner-creation/7", settings)
