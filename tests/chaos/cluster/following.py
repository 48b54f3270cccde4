"""Follows the topics while a run goes on: which sagas have ended, and how soon after each heal.

It asks for the undo of those that a person is to undo. Whether all is right tells the checker.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.integration import outside
from tests.integration.outside import Reading, Seen

ENDING = ("PartnerOnboardingCompleted", "PartnerOnboardingFailed", "CompensationCompleted")
ASKED_AT = outside.EVENTS[1:6]
# Short: a consumer may ask the broker of before until its metadata is old.
SHORT = {"request_timeout_ms": 10_000, "metadata_max_age_ms": 5_000}
Ask = Callable[[str, bytes], Awaitable[None]]  # saga id, key


@dataclass
class Following:
    """`ended` are numbers of starts. `recoveries`: seconds from each heal to the next new end."""

    kafka: str
    ask: Ask
    ended: set[int] = field(default_factory=set)
    asked: set[int] = field(default_factory=set)
    recoveries: list[float] = field(default_factory=list)
    longest_silence: float = 0.0
    last_heal: float = 0.0
    _heals: list[float] = field(default_factory=list)
    _last_end: float = field(default_factory=time.monotonic)

    async def follow(self) -> None:
        """Until it is cancelled."""
        topics = [topic for topic in outside.event_topics("") if "initiated" not in topic]
        async with (
            Reading(self.kafka, topics, **SHORT) as reading,
            asyncio.TaskGroup() as asking,
        ):
            while True:
                for one in await reading.more():
                    self.take(one, asking)
                reading.seen.clear()

    def healed(self) -> None:
        """A fault is over now."""
        self.last_heal = time.monotonic()
        self._heals.append(self.last_heal)

    @property
    def drained(self) -> float:
        """Seconds from the last heal to the last end; 0 if all had ended before, or none was."""
        return max(0.0, self._last_end - self.last_heal) if self.last_heal else 0.0

    def waiting_since(self) -> float:
        """Seconds since the oldest heal after which no saga has ended yet; 0: none waits."""
        return time.monotonic() - self._heals[0] if self._heals else 0.0

    def take(self, one: Seen, asking: asyncio.TaskGroup) -> None:
        """The next record; asks for an undo beside what goes on."""
        kind, _, number = one.header("ce_correlationid").rpartition("-")
        if not number.isdigit() or kind == "poison":
            return
        if kind == "asked":
            self._ask_once(int(number), one, asking)
        if int(number) not in self.ended and _ends(one, kind):
            self._ended(int(number))

    def _ask_once(self, number: int, one: Seen, asking: asyncio.TaskGroup) -> None:
        """At the event of another step for each, so that the undo meets every state."""
        due = one.topic.endswith(ASKED_AT[number % len(ASKED_AT)])
        if due and number not in self.asked:
            self.asked.add(number)
            asking.create_task(self.ask(one.header("ce_sagaid"), one.key or b""))

    def _ended(self, number: int) -> None:
        now = time.monotonic()
        self.ended.add(number)
        self.recoveries += [now - heal for heal in self._heals]
        self.longest_silence = max(self.longest_silence, now - self._last_end)
        self._heals.clear()
        self._last_end = now


def _ends(one: Seen, kind: str) -> bool:
    """Whether the saga is at its end: completed, if it is not to be undone, or its first step
    has said no or undone."""
    if one.type == "PartnerOnboardingCompleted":
        return kind != "asked"
    first = one.body.get("step", one.body.get("failed_step")) if one.type in ENDING else None
    return first == outside.STEPS[0]
