"""What people and programs are shown of sagas and events."""

import copy
import json

import pytest
from rich.console import Console

from contracts.events import event_names
from services.cli.event_words import words_of
from services.cli.options import Output
from services.cli.printing import answer, json_text
from services.cli.saga_json import event_json, saga_json
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


def test_one_saga_is_shown_with_its_ids_its_end_and_its_steps(sagas):
    text = shown(one_saga(sagas["COMPLETED"]))
    saga = sagas["COMPLETED"]
    for word in (saga["_id"], saga["partner_id"], "corr-123-456", "COMPLETED", "after 1.25 s"):
        assert word in text
    for step in saga["steps"]:
        assert step["step"] in text
        assert next(iter(step["result"].values())) in text


def test_a_saga_that_is_being_undone_says_why_and_who_asked(sagas):
    text = shown(one_saga(sagas["COMPENSATING"]))
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


def test_a_saga_that_is_half_undone_says_so_and_what_waits_for_a_person(sagas):
    saga = copy.deepcopy(sagas["COMPENSATING"])
    saga["half_undone"] = True
    saga["steps"][0] |= {
        "state": "undo_parked",
        "parked": {"state": "undo_parked", "where": "OddAnswerError at x.py:1", "attempts": 3,
                   "at": saga["updated_at"], "asked": None},
    }  # fmt: skip
    text = shown(one_saga(saga))
    assert "half undone" in text
    assert "its undo is parked since" in text
    assert "tries: 3, OddAnswerError at x.py:1" in text


def test_parkings_and_wishes_are_told_in_words(events):
    told = {
        "StepParked": {"step": "a", "state": "parked", "attempts": 3, "where": "E at x.py:1"},
        "RedriveRequested": {"step": "a", "requested_by": "ana", "reason": "mended"},
    }
    words = [words_of({**events["ContractCreated"], "type": t, "data": d}) for t, d in told.items()]
    assert words == ["a: parked, tries: 3, E at x.py:1", "a: asked by ana, mended"]
