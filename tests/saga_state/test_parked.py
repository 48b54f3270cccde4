"""Parkings and the wishes of persons: what the dead letter topics tell of a saga."""

from dataclasses import replace
from random import Random

import pytest
from saga_given import Voices, at, states, told

from contracts.envelope import Event, Record
from contracts.reading import Reader
from contracts.topics import dead_letter_topic
from saga_state.hearing import dead_letter_topics
from saga_state.parked import ON_DEAD_LETTERS
from saga_state.worker import read_all


@pytest.fixture
def v() -> Voices:
    return Voices()


def contract(*events: Event) -> dict:
    return told(*events)["steps"][1]


def test_a_parked_step_says_where_how_often_and_since_when(v: Voices) -> None:
    saga = told(v.start(), v.did("registration", 1), v.parked("contract", 3))
    assert (saga["status"], saga["current_step"]) == ("PARTNER_REGISTERED", "contract")
    step = saga["steps"][1]
    assert (step["state"], step["attempts"]) == ("parked", 3)
    assert step["parked"] == {
        "state": "parked", "where": "ValueError at x.py:1", "attempts": 3, "at": at(3),
        "asked": None, "asked_by": None, "asked_reason": None, "asked_at": None,
    }  # fmt: skip
    assert (saga["half_undone"], saga["updated_at"], saga["event_count"]) == (False, at(3), 3)


def test_a_redrive_makes_a_parked_step_wait_again_and_says_who_asked_and_why(v: Voices) -> None:
    events = [
        v.start(),
        v.did("registration", 1),
        v.parked("contract", 3),
        v.redriven("contract", 9),
    ]
    step = contract(*events)
    assert (step["state"], step["attempts"]) == ("waiting", 3)
    asked = [step["parked"][name] for name in ("asked", "asked_by", "asked_reason", "asked_at")]
    assert asked == ["redrive", "ana", "contract is mended", at(9)]
    again = contract(*events, v.parked("contract", 12, number=1))
    assert (again["state"], again["attempts"], again["parked"]["asked"]) == ("parked", 6, None)
    done = contract(*events, v.did("contract", 12))
    assert (done["state"], done["attempts"]) == ("done", 4)


def test_w1_a_parked_undo_is_compensating_whatever_else_was_said(v: Voices) -> None:
    """The contract never said P: without rule 0 the saga would read COMPENSATED."""
    events = [v.start(), v.did("registration", 1), v.asked("contract", 5, by="registration"),
              v.failed("contract", 5, "TIMEOUT", by="registration"), v.undid("registration", 7)]  # fmt: skip
    assert told(*events)["status"] == "COMPENSATED"
    saga = told(*events, v.parked("contract", 8, "undo_parked"))
    assert (saga["status"], saga["current_step"], saga["half_undone"]) == (
        "COMPENSATING",
        "contract",
        True,
    )
    assert (states(saga)[1], saga["ended_at"]) == ("undo_parked", None)
    saga = told(*events, v.parked("contract", 8, "undo_parked"), v.undid("contract", 9))
    assert (saga["status"], saga["half_undone"], saga["ended_at"]) == ("COMPENSATED", False, at(9))


@pytest.mark.parametrize(("wish", "asked"), [("redriven", "redrive"), ("resolved", "resolve")])
def test_w1_holds_until_k_even_when_a_person_has_asked(v: Voices, wish: str, asked: str) -> None:
    events = [*v.whole_way(), v.asked(None, 60), *(v.undid(step, 70) for step in v.steps[2:]),
              v.parked("contract", 71, "undo_parked"), getattr(v, wish)("contract", 80)]  # fmt: skip
    saga = told(*events)
    assert (saga["status"], saga["half_undone"], states(saga)[1]) == (
        "COMPENSATING",
        True,
        "undoing",
    )
    assert saga["steps"][1]["parked"]["asked"] == asked


def test_x4_a_resolved_undo_reads_so_and_who_resolved_it_stays_told(v: Voices) -> None:
    events = [*v.whole_way(), v.asked(None, 60), v.parked("recruitment", 61, "undo_parked"),
              v.resolved("recruitment", 62, by="eva"),
              v.undid("recruitment", 63, "resolved_by_operator")]  # fmt: skip
    step = told(*events)["steps"][-1]
    assert step["state"] == "resolved_by_operator"
    assert (step["parked"]["asked"], step["parked"]["asked_by"]) == ("resolve", "eva")


def test_a_parked_do_is_not_resolved(v: Voices) -> None:
    events = [
        v.start(),
        v.did("registration", 1),
        v.parked("contract", 3),
        v.resolved("contract", 9),
    ]
    assert contract(*events)["state"] == "parked"


def test_v4_a_parked_step_whose_undo_is_asked_for_is_undoing(v: Voices) -> None:
    events = [v.start(), v.did("registration", 1), v.parked("contract", 3)]
    saga = told(*events, v.asked("documents", 5, by="ops"))
    assert (saga["status"], states(saga)[1]) == ("COMPENSATING", "undoing")
    assert contract(*events, v.asked(None, 5), v.undid("contract", 6))["state"] == "undone"


def test_on_one_partition_the_log_tells_what_came_first_not_the_clock_of_a_persons_machine(
    v: Voices,
) -> None:
    """The smallest order of events: parked at 9:00, redriven by a machine that says 8:59."""
    parked = v.parked("contract", 60, offset=4)
    assert contract(parked, v.redriven("contract", 0, offset=5))["state"] == "waiting"
    assert contract(parked, v.redriven("contract", 90, offset=3))["state"] == "parked"
    other = v.redriven("contract", 90, offset=3, partition=1)
    assert contract(parked, other)["state"] == "waiting"


def test_a_parking_that_was_sent_again_after_the_redrive_is_not_another(v: Voices) -> None:
    parked = v.parked("contract", 3, offset=1)
    again = replace(parked, record=replace(parked.record, offset=9))
    for events in ([parked, again], [again, parked]):
        assert contract(*events, v.redriven("contract", 4, offset=5))["state"] == "waiting"


def test_of_many_parkings_the_last_tells_in_any_order_and_the_document_stays_small(
    v: Voices,
) -> None:
    events = [v.start()]
    for number in range(100):
        events += [v.parked("contract", number * 2, number=number, attempts=1)]
        events += [v.redriven("contract", number * 2 + 1)]
    shuffled = [*events, *events[:50]]
    Random(7).shuffle(shuffled)
    saga = told(*shuffled)
    assert saga == told(*events)
    assert (contract(*events)["state"], saga["event_count"]) == ("waiting", 1 + 2 * 32)
    last = v.parked("contract", 500, number=100)
    assert contract(*events, last)["state"] == contract(last, *shuffled)["state"] == "parked"


def test_one_identity_at_many_times_does_not_make_the_way_matter(v: Voices) -> None:
    """Of the latest that are kept, one that moves to an earlier time would have pushed others out."""
    many = [v.parked("contract", n, number=n) for n in range(40)]
    forged = [v.parked("contract", n, number=99) for n in (5, 100)]
    for order in ([*many, *forged], [*forged, *many], [forged[1], *many, forged[0]]):
        assert told(*order) == told(*many, *forged)


def test_what_another_tenant_wishes_does_not_change_it(v: Voices) -> None:
    events = [v.start(), v.parked("contract", 3)]
    foreign = v.redriven("contract", 4, context={"tenant_id": "evil"})
    assert told(*events, foreign) == told(foreign, *events) == told(*events)


def test_a_step_that_the_journey_does_not_have_is_left_out() -> None:
    v = Voices("partner-creation")
    saga = told(v.start(), v.parked("documents", 3, "undo_parked"))
    assert (saga["status"], saga["half_undone"]) == ("INITIATED", False)


def test_the_projection_hears_the_dead_letter_topics_of_all_services() -> None:
    steps = [f"onboarding.{step}.dlq" for step in Voices().steps]
    assert dead_letter_topics() == [*steps, "onboarding.saga-state.dlq"]
    assert dead_letter_topics("t-")[0] == "t-onboarding.registration.dlq"


def test_of_a_dead_letter_topic_only_parkings_and_wishes_are_read_and_nothing_is_set_aside(
    v: Voices,
) -> None:
    good = v.parked("contract", 3)
    copy = replace(good.record, headers=(*good.record.headers, ("dlq_id", b"1")))
    broken = replace(good.record, value=b"{")
    started = v.start().record
    astray = replace(started, topic=dead_letter_topic("saga-state"))
    events, poisoned = read_all([copy, good.record, broken, astray, started], Reader())
    assert [event.name for event in events] == ["PartnerOnboardingInitiated", "StepParked"]
    assert poisoned == []
    elsewhere = Record("onboarding.contract-created", 0, 0, None, b"{", (), 0)
    assert [one.record for one in read_all([elsewhere], Reader())[1]] == [elsewhere]


def test_the_names_that_are_kept_by_their_latest_are_those_of_operators() -> None:
    assert {"StepParked", "RedriveRequested", "ResolveRequested"} == ON_DEAD_LETTERS
