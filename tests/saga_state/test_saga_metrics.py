"""The metrics of the projection: what a batch has shown, and how it stands now."""

from datetime import timedelta

import pytest
from saga_given import NOW, Voices, at, hash_of

from saga_state import metrics
from saga_state.metrics import REGISTRY, UnderWayNow
from saga_state.projector import project
from saga_state.queries import SAGA_INDEXES
from saga_state.turns import Turn
from saga_state.under_way import UnderWay

JOURNEY = "partner-onboarding"


def value(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(f"onboarding_{name}", labels)


@pytest.mark.parametrize(
    ("turn", "name", "labels"),
    [
        (Turn("began", JOURNEY), "sagas_started_total", {}),
        (
            Turn("ended", JOURNEY, "COMPLETED", 5.0),
            "saga_duration_seconds_count",
            {"status": "COMPLETED"},
        ),
        (
            Turn("undo_requested", JOURNEY, "person"),
            "compensations_requested_total",
            {"by": "person"},
        ),
        (
            Turn("ended", JOURNEY, "COMPENSATED"),
            "sagas_ended_total",
            {"status": "COMPENSATED"},
        ),
        (Turn("undo_completed", JOURNEY, seconds=1.0), "compensations_completed_total", {}),
        (
            Turn("undo_completed", JOURNEY, seconds=1.0),
            "compensation_duration_seconds_count",
            {},
        ),
        (Turn("undo_failed", JOURNEY), "compensations_failed_total", {}),
    ],
)
def test_each_turn_is_counted_and_there_at_zero_before(turn, name, labels) -> None:
    metrics.begin()
    before = value(name, journey=JOURNEY, **labels)
    assert before is not None
    metrics.count([turn], None, NOW)
    assert value(name, journey=JOURNEY, **labels) == before + 1


def test_the_delay_is_that_of_the_oldest_event_of_a_batch() -> None:
    before = value("projection_delay_seconds_sum") or 0.0
    metrics.count([], NOW - timedelta(seconds=3), NOW)
    metrics.count([], NOW + timedelta(seconds=3), NOW)  # a clock that is ahead
    metrics.count([], None, NOW)
    assert value("projection_delay_seconds_sum") == pytest.approx(before + 3)


def test_who_no_longer_waits_is_shown_as_nobody() -> None:
    two = (2, NOW - timedelta(seconds=9))
    one = UnderWayNow({"INITIATED": two}, {"contract": two}, 1, 7)
    metrics.show(one, NOW)
    assert (value("sagas", status="INITIATED"), value("sagas_waiting", step="contract")) == (2, 2)
    assert value("sagas_oldest_seconds", step="contract") == 9
    assert value("sagas_status_oldest_seconds", status="INITIATED") == 9
    assert (value("sagas_overdue"), value("sagas_stored")) == (1, 7)
    metrics.show(UnderWayNow({}, {}, 0, 7), NOW)
    assert value("sagas", status="COMPENSATING") == value("sagas", status="INITIATED") == 0
    assert value("sagas_waiting", step="contract") == 0
    assert value("sagas_oldest_seconds", step="contract") == 0
    assert value("sagas", status="COMPLETED") is None


@pytest.mark.servers
async def test_those_under_way_are_counted_over_all_tenants(mongo) -> None:
    some = [Voices(number=str(n), tenant=tenant) for n, tenant in enumerate(["a", "b", "b"])]
    done = Voices(number="done")
    undo = Voices(number="undo")
    events = [event for v in some for event in (v.start(), v.did("registration", 1 + v.offset))]
    events += [*done.whole_way(), *undo.whole_way(), undo.asked(None, 10)]
    await project(events, mongo, hash_of, NOW)
    seen = await UnderWay(mongo._database).now(at(20))
    assert {status: number for status, (number, _) in seen.by_status.items()} == {
        "PARTNER_REGISTERED": 3,
        "COMPENSATING": 1,
    }
    assert {step: number for step, (number, _) in seen.by_step.items()} == {
        "contract": 3,
        "recruitment": 1,
    }
    assert (seen.overdue, seen.stored) == (0, 5)
    assert (await UnderWay(mongo._database).now(at(3600))).overdue == 3
    since = await mongo.read_sagas([v.id for v in some])
    assert seen.by_step["contract"][1] == min(saga["updated_at"] for saga in since.values())


@pytest.mark.servers
async def test_of_those_under_way_only_keys_are_read_and_none_of_the_ended(mongo) -> None:
    under = UnderWay(mongo._database)
    events = [e for n in range(30) for e in Voices(number=f"d{n}").whole_way()]
    await project([*events, Voices(number="w").start()], mongo, hash_of, NOW)
    for field, hint in (("status", "by_status"), ("current_step", "by_step")):
        assert SAGA_INDEXES[hint][1][0] == field
        told = await mongo._database.command(
            "explain",
            {
                "aggregate": "sagas",
                "pipeline": under.pipeline(field),
                "hint": hint,
                "cursor": {},
            },
            verbosity="executionStats",
        )
        stats = told.get("executionStats") or told["stages"][0]["$cursor"]["executionStats"]
        assert stats["totalDocsExamined"] == 0
        assert stats["totalKeysExamined"] < 15
