"""The undo plan: what would be undone in which order, what is unknown, how long, and its hash."""

import json
from datetime import timedelta

import pytest
from saga_given import Voices, told

from saga_state.undo_plan import plan_hash, undo_plan


@pytest.fixture
def v() -> Voices:
    return Voices()


def effects(plan) -> list[str]:
    return [one["effect"] for one in plan["steps"]]


def test_a_completed_saga_is_undone_in_reverse_order_each_step_after_the_next(v: Voices) -> None:
    plan = undo_plan(told(*v.whole_way()))
    assert [one["step"] for one in plan["steps"]] == list(reversed(v.steps))
    assert [one["after"] for one in plan["steps"]] == [None, *reversed(v.steps[1:])]
    assert effects(plan) == ["reversed"] * 5
    assert plan["steps"][3]["undo"] == "cancel the contract"
    assert plan["steps"][3]["result"] == {"number": "CT-1"}
    assert plan["refused"] is None


def test_as_if_a_step_had_failed_it_and_those_after_it_undo_at_once(v: Voices) -> None:
    plan = undo_plan(told(*v.whole_way()), failed_step="documents")
    assert {one["step"]: one["after"] for one in plan["steps"]} == {
        "recruitment": None, "campaigns": None, "documents": None,
        "contract": None, "registration": "contract",
    }  # fmt: skip


def test_a_step_that_was_asked_is_unknown_and_one_the_saga_did_not_come_to_is_not(
    v: Voices,
) -> None:
    plan = undo_plan(told(v.start(), v.did("registration", 1), v.did("contract", 2)))
    assert effects(plan) == ["nothing", "nothing", "unknown", "reversed", "reversed"]
    assert plan["steps"][2]["why"] == "it was asked and has not answered"
    assert plan["steps"][1]["why"].startswith("not asked yet; undone too, if")
    assert effects(undo_plan(told(v.start())))[-1] == "unknown"
    assert effects(undo_plan(told(v.did("contract", 2))))[-1] == "nothing", "it was never started"


def test_a_step_that_was_too_late_or_is_parked_may_have_happened(v: Voices) -> None:
    done = [v.start(), v.did("registration", 1), v.did("contract", 2)]
    late = undo_plan(told(*done, v.failed("documents", 40, "TIMEOUT", by="contract")))
    parked = undo_plan(told(*done, v.parked("documents", 3)))
    assert effects(late)[2] == effects(parked)[2] == "unknown"


def test_what_was_undone_or_refused_already_is_not_planned_again(v: Voices) -> None:
    events = v.undone_from("documents")
    under_way = undo_plan(told(*events[:-1]))
    assert effects(under_way)[2:] == ["nothing", "undone", "reversed"]
    assert under_way["steps"][0]["why"] == "the saga did not come to it"
    over = undo_plan(told(*events))
    assert over["refused"] == "it is COMPENSATED: there is nothing to undo"
    assert effects(over)[3:] == ["undone", "undone"]
    assert over["expected_ms"] == 0


def test_a_parked_undo_waits_for_a_person_and_the_plan_would_be_refused(v: Voices) -> None:
    saga = told(*v.whole_way(), v.asked(None, 60), v.parked("recruitment", 61, "undo_parked"))
    plan = undo_plan(saga)
    assert (plan["steps"][0]["effect"], plan["steps"][0]["expected_ms"]) == ("by_hand", None)
    assert plan["refused"] == "the undo of recruitment is parked: it waits for a person"


def test_of_a_journey_that_is_not_known_here_nothing_is_planned(v: Voices) -> None:
    plan = undo_plan(told(*v.whole_way()), journeys={})
    assert (plan["steps"], plan["refused"]) == (
        [], "the journey partner-onboarding/1 is not known here",
    )  # fmt: skip


def undone_in(number: int, *seconds: float):
    """A saga of which a person asked at 60, whose steps then undid at these seconds, last first."""
    v = Voices(number=f"undone-{number}")
    undone = [v.undid(step, at_) for step, at_ in zip(reversed(v.steps), seconds, strict=False)]
    return told(*v.whole_way(), v.asked(None, 60), *undone)


def test_times_are_the_median_of_undone_sagas_from_a_steps_turn_on(v: Voices) -> None:
    fleet = [undone_in(1, 61, 61.5), undone_in(2, 63, 63.5), undone_in(3, 70, 70.1)]
    plan = undo_plan(told(*v.whole_way()), fleet)
    first, second, third = plan["steps"][:3]
    assert (first["expected_ms"], first["expected_from"], first["fleet_count"]) == (
        3000,
        "fleet",
        3,
    )
    assert (second["expected_ms"], second["expected_from"]) == (500, "fleet")
    assert (third["expected_ms"], third["expected_from"]) == (1000, "this saga")
    assert plan["expected_ms"] == 3000 + 500 + 1000 * 3


def test_that_a_step_had_nothing_to_undo_tells_nothing_of_how_long_it_takes(v: Voices) -> None:
    other = Voices(number="2")
    saga = told(
        *other.whole_way(), other.asked(None, 60), other.undid("recruitment", 60, "nothing_to_undo")
    )
    assert undo_plan(told(*v.whole_way()), [saga])["steps"][0]["expected_from"] == "this saga"


def test_of_what_nobody_did_or_undid_yet_the_timeout_is_expected(v: Voices) -> None:
    plan = undo_plan(told(v.start()), seconds_for=lambda row: 7, undo_seconds=60)
    assert (plan["steps"][-1]["expected_ms"], plan["steps"][-1]["expected_from"]) == (
        7000,
        "timeout",
    )
    assert plan["gives_up_after_ms"] == 60_000


def test_steps_that_undo_at_once_take_their_time_side_by_side(v: Voices) -> None:
    plan = undo_plan(told(*v.whole_way()), [undone_in(1, 65, 66)], failed_step="campaigns")
    assert plan["expected_ms"] == 5000, "recruitment alone takes longer than the chain before it"


def test_the_hash_is_that_of_the_facts_not_of_the_time_nor_of_what_is_expected(v: Voices) -> None:
    saga = told(*v.whole_way())
    later = told(*(v.again(event) for event in v.whole_way()))
    assert undo_plan(saga)["hash"] == undo_plan(later, [undone_in(1, 61)])["hash"]
    moved = {**saga, "updated_at": saga["updated_at"] + timedelta(hours=1), "event_count": 99}
    assert plan_hash(moved) == plan_hash(saga)


def test_another_fact_or_another_wish_is_another_hash(v: Voices) -> None:
    done = v.whole_way()
    sagas = [
        told(*done), told(*done[:-2]), told(*done, v.asked(None, 60)),
        told(*done, v.asked(None, 60), v.undid("recruitment", 61)),
        told(*Voices(number="2").whole_way()), told(v.start()), told(Voices(number="2").start()),
    ]  # fmt: skip
    hashes = [plan_hash(saga) for saga in sagas] + [plan_hash(sagas[0], "documents")]
    assert len(set(hashes)) == len(hashes)


def test_the_plan_can_be_sent_as_json(v: Voices) -> None:
    plan = undo_plan(told(*v.whole_way()))
    assert json.loads(json.dumps(plan)) == plan
    with pytest.raises(ValueError, match="not in tuple"):
        undo_plan(told(*v.whole_way()), failed_step="nobody")
