"""What is done to a system for a while: load, deaths at random, a platform that fails, persons.

All of it is drawn from one seed. When it is over the platform is healed and every service lives.
"""

import json
import random
import signal
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from aiokafka import AIOKafkaProducer

from deploy.local.stack import STEPS
from tests.deploy.sandbox import Sandbox
from tests.integration import outside, starts
from tests.integration.outside import Reading, Seen
from tests.integration.starts import TYPE, Sent
from tests.integration.system import System

STARTS_A_SECOND = 8
REQUESTED_SHARE = 0.02  # of what is said: about a seventh of the sagas
NOT_ALLOWED_SHARE, TAKEN_SHARE = 0.08, 0.04
CALL_SECONDS = 2
READY_SECONDS = 240  # more than a worker that does not come into its group has to live
SETTINGS = {
    "ONBOARDING_STEP_TIMEOUT_SECONDS": "10",
    "ONBOARDING_STEP_GRACE_SECONDS": "2",
    "ONBOARDING_CALL_TIMEOUT_SECONDS": str(CALL_SECONDS),
    "ONBOARDING_RETRY_CAP_SECONDS": "2",
    "ONBOARDING_LOG_LEVEL": "WARNING",
}
VICTIMS = (*STEPS, "saga_state")


@dataclass
class Mayhem:
    """`started` are the correlation ids of what was sent, `requested` the sagas that a person
    asked to undo, `deaths` by service and signal."""

    system: System
    platform: Sandbox
    chance: random.Random
    started: list[str] = field(default_factory=list)
    requested: set[str] = field(default_factory=set)
    deaths: Counter[tuple[str, str]] = field(default_factory=Counter)
    taken: str = field(default_factory=starts.fresh_email)

    async def rage(self, seconds: float) -> None:
        """For so long; what it did is in the fields."""
        await self._tell_faults()
        began, kill_at, before = time.monotonic(), 0.0, len(self.started)
        async with (
            starts.producer_to(self.system.kafka) as producer,
            Reading(self.system.kafka, outside.event_topics(self.system.prefix)) as reading,
        ):
            while (passed := time.monotonic() - began) < seconds:
                missing = before + int(passed * STARTS_A_SECOND) - len(self.started)
                await self._start(producer, missing)
                await self._ask_to_undo(producer, await reading.more())
                if passed >= kill_at:
                    self._kill()
                    kill_at = passed + self.chance.uniform(0.2, 3)
        await self.platform.heal()
        for name in VICTIMS:
            await self.system.stack.supervisor.wait_ready(name, READY_SECONDS)

    async def _tell_faults(self) -> None:
        told = (("error", {"share": 0.1}), ("lose", {"share": 0.1}), ("refuse", {"share": 0.03}),
                ("slow", {"share": 0.1, "seconds": 1}),
                ("slow", {"share": 0.05, "seconds": CALL_SECONDS + 1}))  # fmt: skip
        for fault, whom in told:
            await self.platform.tell(fault, seed=self.chance.randrange(2**31), **whom)

    async def _start(self, producer: AIOKafkaProducer, count: int) -> None:
        fresh = [self._one_start() for _ in range(count)]
        await starts.send_by(producer, self.system.start_topic, fresh)

    def _one_start(self) -> Sent:
        """Most are fine; of some the contract is not allowed, and some share one address."""
        name, drawn = f"m-{uuid.uuid4().hex}", self.chance.random()
        self.started.append(name)
        if drawn < NOT_ALLOWED_SHARE:
            return starts.start(correlation_id=name, tipo_partner="INDIVIDUAL")
        if drawn < NOT_ALLOWED_SHARE + TAKEN_SHARE:
            return starts.start(correlation_id=name, email=self.taken)
        return starts.start(correlation_id=name)

    async def _ask_to_undo(self, producer: AIOKafkaProducer, fresh: Sequence[Seen]) -> None:
        asked = [one for one in fresh if self.chance.random() < REQUESTED_SHARE]
        chosen = [one for one in asked if one.header("ce_sagaid")]
        self.requested.update(one.header("ce_sagaid") for one in chosen)
        topic = f"{self.system.prefix}onboarding.compensation-requested"
        await starts.send_by(producer, topic, [request_to_undo(one) for one in chosen])

    def _kill(self) -> None:
        supervisor = self.system.stack.supervisor
        if living := [name for name in VICTIMS if supervisor.pid(name) is not None]:
            name = self.chance.choice(living)
            how = self.chance.choice((signal.SIGKILL, signal.SIGTERM))
            supervisor.kill(name, how)
            self.deaths[name, how.name] += 1


def request_to_undo(one: Seen) -> Sent:
    """As a person asks, of the saga that a record is about; in no journey's name."""
    body = {"failed_step": None, "code": "REQUESTED", "reason": "chaos", "requested_by": "a person"}
    headers = {
        "ce_type": f"{TYPE}CompensationRequested.v1",
        "ce_id": uuid.uuid4().hex,
        "ce_source": "/tests/person",
        "ce_sagaid": one.header("ce_sagaid"),
        "ce_subject": (one.key or b"").decode(),
    }
    told = tuple((name, text.encode()) for name, text in headers.items())
    return Sent(json.dumps(body).encode(), told, one.key)


def deaths_in_words(deaths: Counter[tuple[str, str]]) -> Iterable[str]:
    return (f"{name} {how} {count}" for (name, how), count in sorted(deaths.items()))
