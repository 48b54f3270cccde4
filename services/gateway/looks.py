"""Looks at servers and services for the health page: who lives, how far behind they are."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from contracts.events import event_names
from contracts.journey import JOURNEYS
from contracts.topics import event_topic, group
from services.gateway.answers import STEPS
from services.gateway.lags import Lag, Lags
from services.runtime.hearing import topics_of
from services.runtime.mongo import Client
from services.runtime.process_store import instances_of
from services.runtime.rights import PROJECTION
from services.runtime.settings import Settings
from services.runtime.vitals import Vitals

State = Literal["pass", "warn", "fail"]
FRESH_SECONDS = 2.0
ALIVE_SECONDS = 15.0  # a living process writes its record every 5
LAG_WARN_SECONDS = 30.0
LIMIT_SECONDS = 4.0  # for the broker, then for the database: together less than an answer may take


@dataclass(frozen=True, slots=True)
class Health:
    """What the page shows; `checks` by name of a server or service."""

    status: State
    checks: Mapping[str, Mapping[str, Any]]


class Looks:
    """Keeps what it saw for two seconds: however many ask, the servers are asked once."""

    def __init__(self, settings: Settings, vitals: Vitals, mongo: Client, lags: Lags) -> None:
        self._settings, self._vitals, self._mongo, self._lags = settings, vitals, mongo, lags
        self._lock = asyncio.Lock()
        self._seen: tuple[float, Health] | None = None

    @property
    def services(self) -> Sequence[str]:
        """The steps in the order of the journeys, and the projection."""
        return [*STEPS, PROJECTION]

    async def health(self, now: datetime) -> Health:
        """Never raises: what does not answer is a check that failed."""
        async with self._lock:
            if self._seen is None or time.monotonic() - self._seen[0] > FRESH_SECONDS:
                seen = await self._look(now)
                self._seen = time.monotonic(), seen
            return self._seen[1]

    async def _look(self, now: datetime) -> Health:
        names = self.services
        lags = await self._all_lags(names)
        services = await asyncio.gather(*(self._service(one, lags, now) for one in names))
        gateway = await self._gateways(now)
        checks = {**self._servers(), **dict(zip(names, services, strict=True)), "gateway": gateway}
        return Health(worst([one["status"] for one in checks.values()]), checks)

    def _servers(self) -> dict[str, dict[str, Any]]:
        """As this process finds them, which looks every few seconds (signs.py)."""
        away = self._vitals.missing
        return {
            name: {"status": "fail" if name in away else "pass", "why": away.get(name)}
            for name in ("kafka", "mongo")
        }

    async def _all_lags(self, names: Sequence[str]) -> Mapping[str, Lag] | None:
        prefix = self._settings.prefix
        events = {event_topic(name, prefix) for name in event_names()}
        wanted = {group(one, prefix): sorted(events & _heard(one, prefix)) for one in names}
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                return await self._lags.of(wanted)
        except Exception:  # the check of the broker tells that it is away
            return None

    async def _service(
        self, name: str, lags: Mapping[str, Lag] | None, now: datetime
    ) -> dict[str, Any]:
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                living = await self.living(name, now)
        except Exception as error:
            return {"status": "fail", "why": type(error).__name__}
        lag = lags.get(group(name, self._settings.prefix)) if lags is not None else None
        return service_check(living, lag, now)

    async def _gateways(self, now: datetime) -> dict[str, Any]:
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                return gateway_check(await self.living("gateway", now))
        except Exception as error:
            return {"status": "fail", "why": type(error).__name__}

    async def living(self, name: str, now: datetime) -> list[dict[str, Any]]:
        """The records of the processes of a service that live; errors of the driver."""
        database = self._settings.database(f"onboarding_{name.replace('-', '_')}")
        found = await instances_of(self._mongo, database)
        return [one for one in found if (now - one["seen_at"]).total_seconds() < ALIVE_SECONDS]


def service_check(
    living: Sequence[Mapping[str, Any]], lag: Lag | None, now: datetime
) -> dict[str, Any]:
    """One service: who lives, what they were given, how far behind its group is."""
    partitions = sum(len(one["partitions"]) for one in living)
    batches = [one["batch_at"] for one in living if one.get("batch_at")]
    check: dict[str, Any] = {
        "status": "pass",
        "instances": len(living),
        "versions": sorted({str(one["version"]) for one in living}),
        "partitions": partitions,
        "lag_records": lag.records if lag else None,
        "lag_seconds": lag.seconds if lag else None,
        "last_batch_seconds": round((now - max(batches)).total_seconds(), 1) if batches else None,
    }
    state, why = _judged(living, partitions, lag)
    return {**check, "status": state, "why": why}


def gateway_check(living: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """All gateways: who lives, and the servers that one of them waits for."""
    waiting = sorted({server for one in living for server in one.get("waiting_for") or ()})
    why = f"one waits for {', '.join(waiting)}" if waiting else None
    return {
        "status": "pass" if living and not waiting else "warn",
        "instances": len(living),
        "versions": sorted({str(one["version"]) for one in living}),
        "why": why if living else "no record of a living process (yet)",
    }


def _judged(
    living: Sequence[Mapping[str, Any]], partitions: int, lag: Lag | None
) -> tuple[State, str | None]:
    if not living:
        return "fail", "no living process"
    if not partitions:
        return "warn", "its processes have no partitions (yet)"
    if lag is None:
        return "warn", "how far behind it is could not be learned"
    if lag.records and lag.seconds is None:
        return "warn", "it has not read all, and how old that is could not be learned"
    if lag.seconds is not None and lag.seconds > LAG_WARN_SECONDS:
        return "warn", f"the oldest record it has not read is {lag.seconds:.0f} s old"
    return "pass", None


def _heard(name: str, prefix: str) -> set[str]:
    """But for dead letters, which the gateway has no business with."""
    if name == PROJECTION:
        return {event_topic(one, prefix) for one in event_names()}
    return set(topics_of(name, JOURNEYS, prefix))


def worst(states: Sequence[str]) -> State:
    """The state of a whole of parts."""
    if "fail" in states:
        return "fail"
    return "warn" if "warn" in states else "pass"
