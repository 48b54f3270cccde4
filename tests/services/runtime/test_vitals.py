"""The signs of life: when a process is ready, and when the watchdog must end it."""

import asyncio
import time

import pytest

from services.runtime.vitals import (
    APART_SECONDS,
    LOOP_LATE_SECONDS,
    STOP_MARGIN_SECONDS,
    Vitals,
    late,
    places_of,
)

NOW = 1_000.0
DEADLINE = 120.0


@pytest.mark.parametrize(
    ("signs", "why"),
    [
        ({}, None),
        ({"loop_at": NOW - LOOP_LATE_SECONDS}, None),
        ({"loop_at": NOW - LOOP_LATE_SECONDS - 0.1}, "the event loop hangs"),
        ({"progress_at": {"take-0": NOW - DEADLINE}}, None),
        ({"progress_at": {"take-0": NOW - DEADLINE - 0.1}}, "a batch hangs"),
        ({"progress_at": {"take-0": NOW - DEADLINE - 0.1, "take-1": NOW}}, "a batch hangs"),
        ({"progress_at": {}}, None),
        ({"stop_at": NOW - DEADLINE - STOP_MARGIN_SECONDS}, None),
        ({"stop_at": NOW - DEADLINE - STOP_MARGIN_SECONDS - 0.1}, "stopping hangs"),
        (
            {"progress_at": {"take-0": NOW - DEADLINE - 1}, "waiting_for": {"mongo": "x"}},
            "a batch hangs",
        ),
        ({"joined": False, "waiting_for": {"kafka": "x"}}, None),
        ({"apart_since": NOW - APART_SECONDS}, None),
        (
            {"apart_since": NOW - APART_SECONDS - 0.1},
            "not in its group for 120 s, although the servers answer",
        ),
    ],
)
def test_what_ends_a_process(signs, why):
    assert late(Vitals(**{"loop_at": NOW, "apart_since": NOW, **signs}), DEADLINE, NOW) == why


@pytest.mark.parametrize(
    ("signs", "counts"),
    [
        ({"joined": True}, False),
        ({"joined": False, "waiting_for": {"kafka": "x"}}, False),
        ({"joined": False, "away": {"mongo": "x"}}, False),
        ({"joined": False}, True),
    ],
)
def test_the_time_out_of_its_group_counts_only_while_the_servers_answer(signs, counts):
    vitals = Vitals(**{"apart_since": 0.0, **signs})
    vitals.beat()
    assert (vitals.apart_since == 0.0) is counts


async def test_where_each_task_waits_is_told_to_the_innermost_call_and_without_data():
    async def holds_a_secret(word):
        await asyncio.Event().wait()
        return word

    async def calls(word):
        return await holds_a_secret(word)

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(calls("ana@example.com"))
        await asyncio.sleep(0)
        told = places_of([task])
        task.cancel()
    assert told.index("calls") < told.index("holds_a_secret") < told.index("Event.wait")
    assert "ana" not in told


@pytest.mark.parametrize(
    ("signs", "ready"),
    [
        ({}, False),
        ({"joined": True}, True),
        ({"joined": True, "waiting_for": {"mongo": "x"}}, False),
        ({"joined": True, "stop_at": 1.0}, False),
    ],
)
def test_ready_is_joined_waiting_for_nobody_and_not_stopping(signs, ready):
    assert Vitals(**signs).ready is ready


def test_a_batch_that_waits_for_a_server_makes_progress_and_one_that_ended_is_not_looked_at():
    vitals = Vitals()
    vitals.batch_started("take-0")
    assert vitals.progress_at.keys() == {"take-0"}
    vitals.progress_at["take-0"] = 0.0
    vitals.waits("mongo", "AutoReconnect")
    assert vitals.progress_at["take-0"] > 0
    vitals.batch_ended("take-0")
    assert vitals.progress_at == {}
    assert vitals.batch_at is not None


def test_a_server_that_answers_is_not_waited_for_any_more_nor_is_one_that_was_never_away():
    vitals = Vitals()
    vitals.waits("mongo", "AutoReconnect")
    vitals.answered("kafka")
    assert vitals.waiting_for == {"mongo": "AutoReconnect"}
    vitals.answered("mongo")
    assert vitals.waiting_for == {}


async def test_a_batch_that_waits_its_turn_keeps_no_other_alive():
    vitals = Vitals()
    vitals.batch_started("take-1")
    vitals.progress_at["take-1"] = NOW - DEADLINE - 1  # it hangs since

    async def waits() -> None:
        vitals.batch_started("take-0")
        vitals.waits_its_turn()

    await asyncio.create_task(waits())
    vitals.loop_at = NOW
    assert late(vitals, DEADLINE, NOW) == "a batch hangs"
    vitals.waits("mongo", "away")
    vitals.loop_at = time.monotonic()
    assert late(vitals, DEADLINE, time.monotonic()) is None


def test_rebalances_are_what_took_partitions_away_or_gave_others_within_a_minute():
    vitals = Vitals()
    vitals.assigned(False, ())
    assert vitals.signs["rebalances"] == 0
    vitals.assigned(True, ("t/0", "t/1"))
    vitals.assigned(True, ("t/0", "t/1"))
    assert vitals.signs["rebalances"] == 1
    vitals.assigned(False, ("t/0", "t/1"))
    vitals.assigned(True, ("t/0",))
    assert (vitals.signs["rebalances"], vitals.signs["partitions"]) == (3, ["t/0"])
    vitals.rebalanced_at[0] -= 61
    assert vitals.signs["rebalances"] == 2


def test_the_signs_tell_which_server_is_waited_for():
    vitals = Vitals(joined=True)
    vitals.waits("kafka", "KafkaTimeoutError")
    signs = vitals.signs
    assert (signs["joined"], signs["waiting_for"]) == (True, {"kafka": "KafkaTimeoutError"})
