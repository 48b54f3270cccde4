"""What people are shown of `why`."""

import json
from datetime import UTC, datetime

import pytest
from rich.console import Console

from saga_state.why.answer import Answer
from saga_state.why.cause import LIKELY, POSSIBLE, PROVEN, Cause
from saga_state.why.seen import Seen
from services.cli.why_page import one_answer

AT = datetime(2026, 3, 2, 10, tzinfo=UTC)
COMMAND = "python -m services.documents"
SAGA = "61edfc96-b0e2-5a51-afba-487c78331609"


def cause(weight: int, sentence: str = "documents is not running.", tell: str = "") -> Cause:
    return Cause("service_not_running", weight, "documents", sentence, COMMAND, COMMAND, tell)


def answer(*causes: Cause) -> Answer:
    sure = causes[0].weight == PROVEN
    evidence = [Seen("event", "ContractCreated at t/0/3"), Seen("deadline", "[red]in 3 s[/red]")]
    return Answer(
        SAGA, "default", "CONTRACT_CREATED", AT, causes[0].sentence, sure, causes, evidence
    )


def shown(one: Answer, width: int = 200) -> str:
    console = Console(width=width, no_color=True)
    with console.capture() as captured:
        console.print(one_answer(one))
    return captured.get()


def test_the_sentence_comes_first_then_the_evidence_then_the_command():
    lines = [line.strip() for line in shown(answer(cause(PROVEN))).splitlines() if line.strip()]
    assert lines[0] == "documents is not running."
    assert lines[1].split() == ["saga", SAGA]
    assert [line.split()[0] for line in lines[2:5]] == ["status", "event", "deadline"]
    assert lines[-1] == f"what helps: {COMMAND}"


def test_where_it_is_not_sure_all_causes_are_told_in_order_and_how_to_tell_them_apart():
    unsure = answer(cause(LIKELY, tell="its log"), cause(POSSIBLE, "It is the database."))
    text = shown(unsure)
    assert "not sure, in this order:" in text
    assert (
        text.index("1.") < text.index("to tell: its log") < text.index("2.   It is the database.")
    )
    assert "not sure" not in shown(answer(cause(PROVEN), cause(POSSIBLE)))


def test_what_was_told_is_never_read_as_markup():
    assert "[red]in 3 s[/red]" in shown(answer(cause(PROVEN)))


@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_saga_id_is_never_broken(width):
    assert SAGA in shown(answer(cause(PROVEN)), width)


def test_what_nobody_could_be_asked_is_no_whole_answer(bare, onboarding, monkeypatch):
    monkeypatch.setenv("ONBOARDING_KAFKA", "127.0.0.1:1")
    monkeypatch.setenv("ONBOARDING_MONGO", "mongodb://127.0.0.1:1")
    ended = onboarding("why", "corr-1", "-o", "json")
    assert (ended.code, json.loads(ended.out)["status"]) == (3, "UNKNOWN")
    assert ended.error == "onboarding: MongoDB does not answer: ask again when it does"
