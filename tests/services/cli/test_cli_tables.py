"""What people and programs are shown of sagas and events."""

import copy
import json
import re
from datetime import UTC, datetime

import pytest
from rich.console import Console

from contracts.events import event_names
from saga_state.event_words import words_of
from saga_state.moments import changes
from saga_state.shown import event_json, saga_json, shown_state
from services.cli.moment_tables import changes_of
from services.cli.options import Output
from services.cli.printing import answer, json_text
from services.cli.saga_page import one_saga
from services.cli.saga_tables import list_of, timeline_of

DOCUMENTED = {  # docs/integrate.md, and what saga_state.document tells of besides
    "tenant_id", "partner_id", "partner_hash", "correlation_id", "journey", "journey_version",
    "status", "current_step", "due_at", "steps", "failure", "compensation", "never_started",
    "late_undo", "half_undone", "initiated_at", "updated_at", "ended_at", "duration_ms", "event_count",
    "schema_version",
}  # fmt: skip
SECRETS = ("TechSolutions", "contact@techsolutions.com", "1234567890")


def shown(renderable, width: int = 200) -> str:
    console = Console(width=width, no_color=True)
    with console.capture() as captured:
        console.print(renderable)
    return captured.get()


def page(saga, width: int = 400) -> str:
    """One saga, where a call may take 10 s."""
    return shown(one_saga(saga, 10.0), width)


def test_one_saga_is_shown_with_its_ids_its_end_and_its_steps(sagas):
    text = page(sagas["COMPLETED"])
    saga = sagas["COMPLETED"]
    for word in (saga["_id"], saga["partner_id"], "corr-123-456", "COMPLETED", "after 1.25 s"):
        assert word in text
    for step in saga["steps"]:
        assert step["step"] in text
        assert next(iter(step["result"].values())) in text


def test_a_saga_that_is_being_undone_says_why_and_who_asked(sagas):
    text = page(sagas["COMPENSATING"])
    assert "documents: DOCUMENT_EXPIRED. The required document TAX_CERTIFICATE is exp" in text
    assert "asked by documents" in text
    assert "registration to undo its work" in text


@pytest.mark.parametrize("width", [60, 80, 100, 140, 200])
def test_a_list_never_breaks_a_saga_id_however_narrow_the_terminal(sagas, width):
    text = shown(list_of(list(sagas.values()), width), width)
    assert all(saga["_id"] in text for saga in sagas.values())
    assert ("partner" in text.splitlines()[1]) == (width >= 175)


def test_a_timeline_tells_what_was_said_by_whom_and_when(events):
    told = [events["PartnerOnboardingInitiated"], events["ContractCreated"]]
    lines = shown(timeline_of(told, 200)).splitlines()
    assert "+0.000 s   PartnerOnboardingInitiated   /producers/crm" in lines[3]
    assert "+0.500 s   ContractCreated              contract" in lines[4]


def test_a_narrow_timeline_leaves_out_the_time_of_day_and_breaks_no_names(events):
    told = [events["PartnerRegistrationCompleted"]]
    text = shown(timeline_of(told, 80), 80)
    assert "time (UTC)" not in text
    assert "PartnerRegistrationCompleted   registration" in text


def test_what_a_step_says_at_one_moment_is_shown_in_the_order_of_a_journey(events):
    said = [events[name] for name in ("PartnerOnboardingCompleted", "RecruitmentSetupCompleted")]
    same = [{**event, "time": said[0]["time"]} for event in said]
    text = shown(timeline_of(same, 200))
    assert text.index("RecruitmentSetup") < text.index("PartnerOnboardingCompleted")


@pytest.mark.parametrize("name", event_names())
def test_every_event_has_words_and_none_tells_personal_data(events, name):
    words = words_of(events[name])
    assert words
    assert not any(secret in words for secret in SECRETS)


@pytest.mark.parametrize("wrong", ["Ana", {"name": "Ana"}, ["Ana"], 34600123456])
def test_what_a_producer_asked_for_is_told_in_words_of_the_contract_alone(events, wrong):
    data = {"partner_data": {"tipo_partner": wrong, "preferred_contract_type": "PREMIUM"}}
    assert words_of({**events["PartnerOnboardingInitiated"], "data": data}) == "***, PREMIUM"


@pytest.mark.parametrize("data", ["text", {}, {"partner": 7}, {"contract": None}])
@pytest.mark.parametrize("name", event_names())
def test_an_event_of_any_shape_is_shown_without_words_rather_than_not_at_all(events, name, data):
    assert isinstance(words_of({**events[name], "data": data}), str)


@pytest.mark.parametrize("columns", ["", "80"])
def test_a_row_that_goes_to_a_pipe_is_never_broken_however_long(monkeypatch, capsys, columns):
    monkeypatch.setenv("COLUMNS", columns)
    answer([{"topic": "t", "remedy": "word " * 400}], Output.TABLE)
    assert "word " * 400 in capsys.readouterr().out


def test_markup_in_data_is_shown_as_it_is(events):
    event = {**events["PartnerOnboardingFailed"]}
    event["data"] = {"failed_step": "documents", "code": "[bold]", "reason": "[/]"}
    assert "documents: [bold]. [/]" in shown(timeline_of([event], 200))


def test_a_saga_as_json_has_the_documented_fields_and_no_internal_ones(sagas):
    saga = sagas["COMPLETED"]
    told = json.loads(json_text(saga_json(saga)))
    assert told["saga_id"] == saga["_id"]
    assert told["initiated_at"] == "2026-03-03T14:15:00.000000Z"
    assert set(told) - {"saga_id"} == DOCUMENTED


def test_the_data_of_an_event_is_told_only_when_asked_for(events):
    event = events["PartnerOnboardingInitiated"]
    assert not any(secret in json_text(event_json(event, False)) for secret in SECRETS)
    assert event_json(event, True)["data"] == event["data"]


@pytest.fixture
def half_undone(sagas):
    """Its registration could not be undone."""
    saga = copy.deepcopy(sagas["COMPENSATING"])
    saga["half_undone"] = True
    saga["steps"][0] |= {
        "state": "undo_parked",
        "parked": {"state": "undo_parked", "where": "OddAnswerError at x.py:1", "attempts": 3,
                   "at": saga["updated_at"], "asked": None, "asked_by": None, "asked_at": None},
    }  # fmt: skip
    return saga


def asks(saga, asked: str, state: str) -> None:
    """Ana asks for it, which brings the step into that state."""
    saga["steps"][0]["state"] = state
    saga["steps"][0]["parked"] |= {
        "asked": asked, "asked_by": "ana", "asked_at": saga["updated_at"],
    }  # fmt: skip


def test_a_saga_that_is_half_undone_says_so_and_what_a_person_can_do(half_undone):
    text, saga_id = page(half_undone), half_undone["_id"]
    assert "may be in force until a person acts" in text
    assert "its undo is parked since" in text
    assert "tries: 3, OddAnswerError at x.py:1" in text
    assert f"`onboarding dlq redrive --saga {saga_id}`" in text
    assert f"`onboarding resolve {saga_id} --step registration`" in text


def test_the_command_to_resolve_names_the_tenant_that_is_not_the_default(half_undone):
    half_undone["tenant_id"] = "acme"
    assert "--step registration --tenant acme`" in page(half_undone)


@pytest.mark.parametrize(
    ("asked", "ends"),
    [("resolve", "ends within about 20 s"), ("redrive", "its undo is tried again")],
)
def test_that_a_person_has_acted_is_shown_until_the_undo_has_ended(half_undone, asked, ends):
    asks(half_undone, asked, "undoing")
    text = page(half_undone)
    assert re.search(
        rf"^ registration +{asked} asked by ana at 2026-\S+ \S+Z; {ends} *$", text, re.M
    )
    assert "may be in force until it is undone" in text
    half_undone["steps"][0]["state"] = "undone"
    assert "asked by ana" not in page(half_undone)


def test_a_redriven_step_is_tried_again_and_a_parked_one_cannot_be_resolved(half_undone):
    half_undone["steps"][0] |= {"state": "parked"}
    half_undone["steps"][0]["parked"] |= {"state": "parked"}
    half_undone["half_undone"] = False
    assert "onboarding resolve" not in page(half_undone)
    asks(half_undone, "redrive", "waiting")
    assert "; it is tried again" in page(half_undone)
    half_undone["steps"][0]["state"] = "undoing"
    assert "tried again" not in page(half_undone), "what was asked for the do is over"


def test_steps_that_a_saga_never_comes_to_do_not_wait(sagas):
    saga = copy.deepcopy(sagas["COMPENSATING"])
    assert ("waiting" in page(saga), "not reached" in page(saga)) == (False, True)
    saga |= {"status": "COMPENSATED", "ended_at": saga["updated_at"], "duration_ms": 1}
    assert ("waiting" in page(saga), "not reached" in page(saga)) == (False, True)


def test_of_a_saga_that_goes_on_only_the_step_whose_turn_it_is_waits(sagas):
    saga = copy.deepcopy(sagas["COMPLETED"])
    for step in saga["steps"][2:]:
        step |= {"state": "waiting", "completed_at": None}
    saga |= {"status": "CONTRACT_CREATED", "current_step": "documents", "ended_at": None}
    states = [shown_state(saga, step) for step in saga["steps"]]
    assert states == ["done", "done", "waiting", "to come", "to come"]
    saga["steps"][0]["state"] = "waiting"  # its event is still to be heard
    assert shown_state(saga, saga["steps"][0]) == "waiting"


def test_when_a_step_was_undone_stands_beside_when_it_was_done(sagas):
    saga = copy.deepcopy(sagas["COMPLETED"])
    assert "undone" not in page(saga)
    saga["steps"][0] |= {"state": "undone", "undone_at": datetime(2026, 3, 4, 9, tzinfo=UTC)}
    head, row = (line.split() for line in page(saga).splitlines()[10:13:2])
    assert head == ["step", "state", "attempts", "completed", "took", "undone", "result"]
    assert row[3:9] == ["2026-03-03", "14:15:00Z", "250", "ms", "2026-03-04", "09:00:00Z"]


def test_parkings_and_wishes_are_told_in_words(events):
    told = {
        "StepParked": {"step": "a", "state": "parked", "attempts": 3, "where": "E at x.py:1"},
        "RedriveRequested": {"step": "a", "requested_by": "ana", "reason": "mended"},
    }
    words = [words_of({**events["ContractCreated"], "type": t, "data": d}) for t, d in told.items()]
    assert words == ["a: parked, tries: 3, E at x.py:1", "a: asked by ana, mended"]


def test_what_differs_is_told_in_short_and_to_the_millisecond(sagas):
    saga = sagas["COMPENSATING"]
    at = saga["updated_at"]
    text = shown(changes_of(changes(None, saga), (at, at)))
    assert re.search(r"failure +- +documents: DOCUMENT_EXPIRED *\n", text)
    assert re.search(r"compensation +- +asked by documents *\n", text)
    assert re.search(r"contract.undone_at +- +2026-03-02 09:30:00.250Z *\n", text)
