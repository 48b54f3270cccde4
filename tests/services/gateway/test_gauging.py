"""What the gateway shows of services and sagas on its metrics page, and what it does not know."""

import asyncio
from datetime import UTC, datetime
from math import isnan
from typing import Any

import pytest

from services.gateway import metrics
from services.gateway.answers import STEPS
from services.gateway.gauging import Eyes, gauge_for_ever, lag_seconds, lost_starts
from services.gateway.looks import Health
from services.runtime.metrics import REGISTRY
from services.runtime.rights import PROJECTION

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
ALIVE = {"instances": 2, "lag_records": 0, "lag_seconds": None}


def value(name: str, **labels: str) -> float:
    found = REGISTRY.get_sample_value(f"onboarding_{name}", labels)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("check", "records", "seconds"),
    [
        ({"lag_records": 0, "lag_seconds": None}, 0, 0),
        ({"lag_records": 7, "lag_seconds": 3.5}, 7, 3.5),
        ({"lag_records": 7, "lag_seconds": None}, 7, None),
        ({"lag_records": None, "lag_seconds": None}, None, None),
        ({"status": "fail", "why": "MongoError"}, None, None),
    ],
)
def test_a_lag_that_nobody_knows_is_no_number(check, records, seconds):
    metrics.show_service("contract", check)
    for name, wanted in (("records", records), ("seconds", seconds)):
        shown = value(f"consumer_lag_{name}", service="contract")
        assert isnan(shown) if wanted is None else shown == wanted
    assert lag_seconds(check) == seconds


class Looks:
    """The health page; each look is one round of gauging."""

    def __init__(self, projection: dict[str, Any]) -> None:
        usual = dict.fromkeys((*STEPS, PROJECTION), ALIVE)
        self.seen = Health("pass", {**usual, PROJECTION: ALIVE | projection})

    async def health(self, _now: datetime) -> Health:
        return self.seen


class Store:
    """One saga whose contract has spoken unheard, long ago."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.before: list[datetime] = []
        self.failure = failure

    async def now(self) -> datetime:
        if self.failure:
            raise self.failure
        return NOW

    async def unchanged(self, step: str, before: datetime, _limit: int) -> list[Any]:
        self.before.append(before)
        steps = [{"step": name} for name in STEPS]
        one = {"_id": "s", "current_step": step, "status": "X", "due_at": None, "steps": steps}
        return [one] if step == "contract" else []

    async def documents(self, step: str, _ids: list[str]) -> dict[str, Any]:
        return {"s": {"state": "done", "decided_at": datetime(2026, 1, 1, tzinfo=UTC)}}


class Starts:
    """The notes of some starts, and the sagas that the projection knows of them."""

    def __init__(self, *sent: str, known: tuple[str, ...] = ()) -> None:
        self.sent, self.heard, self.asked = sent, set(known), list[tuple[datetime, datetime]]()

    async def sent_between(self, start: datetime, end: datetime, limit: int) -> list[str]:
        self.asked.append((start, end))
        return list(self.sent)[:limit]

    async def known(self, saga_ids: Any) -> set[str]:
        return self.heard & set(saga_ids)


async def gauged(store: Store, starts: Starts | None = None, **projection: Any) -> None:
    """One round."""
    notes = starts or Starts()
    eyes = Eyes(Looks(projection), store, notes, notes, 300.0)
    running = asyncio.create_task(gauge_for_ever(eyes))
    metrics.LOST.clear()
    while len(metrics.LOST._metrics) <= len(STEPS):  # until it has shown what it saw
        await asyncio.sleep(0)
    running.cancel()


async def test_what_was_lost_is_shown_by_step():
    await gauged(Store())
    lost = {step: value("events_lost", step=step) for step in STEPS}
    assert lost == {**dict.fromkeys(STEPS, 0.0), "contract": 1.0}
    assert value("sagas_unwatched", step="contract") == 0
    assert value("instances", service=PROJECTION) == 2


async def test_a_start_that_was_sent_and_is_not_known_is_lost():
    starts = Starts("a", "b", "c", known=("b", "x"))
    await gauged(Store(), starts)
    assert value("events_lost", step="gateway") == 2
    ((start, end),) = starts.asked
    assert ((NOW - end).total_seconds(), (end - start).total_seconds()) == (300, 300)


async def test_where_nothing_was_started_the_projection_is_not_asked():
    class Unasked(Starts):
        async def known(self, saga_ids: Any) -> set[str]:
            raise AssertionError

    starts = Unasked()
    assert await lost_starts(starts, starts, NOW) == 0


async def test_what_the_projection_has_not_come_to_is_not_lost_yet():
    store = Store()
    await gauged(store, lag_records=5, lag_seconds=100.0)
    assert {(NOW - before).total_seconds() for before in store.before} == {400.0}


@pytest.mark.parametrize(
    ("store", "projection"),
    [(Store(), {"lag_records": 5}), (Store(OSError()), {}), (Store(TimeoutError()), {})],
)
async def test_where_a_server_does_not_answer_nothing_is_known_and_it_goes_on(store, projection):
    await gauged(store, **projection)
    assert isnan(value("events_lost", step="contract"))
    assert isnan(value("events_lost", step="gateway"))
    assert isnan(value("sagas_unwatched", step="contract"))
