"""The starts of a run, drawn from its seed, and the one who sends them until a broker has them.

One start in five is to end in a no or an undo, one in ten is sent twice, and one record in two
hundred beside them is poison. What a broker acknowledged stands in the file of what was accepted.
"""

import asyncio
import json
import random
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from tests.chaos.cluster.poisoned import poison
from tests.integration import outside, starts
from tests.integration.polling import until
from tests.integration.starts import TYPE, Sent

SOURCE = "/tests/cluster"
TWICE_SHARE, POISON_SHARE = 0.1, 0.005
LATEST_AGAIN_SECONDS = 10.0
MOST_UNDER_WAY = 2_000
ACKNOWLEDGED_SECONDS = 600.0  # longer than all faults that a record can meet
# kind: its share, how it is to end, what its partner differs in
KINDS: dict[str, tuple[float, str, dict[str, Any]]] = {
    "good": (0.80, "COMPLETED", {}),
    "denied": (0.03, "FAILED", {"pais": "KP"}),
    "unfit": (0.03, "COMPENSATED", {"tipo_partner": "INDIVIDUAL"}),
    "expired": (0.03, "COMPENSATED", {"documents": [
        {"type": "IDENTITY", "number": "ID-1", "expires_on": "2001-01-01"}]}),
    "costly": (0.03, "COMPENSATED", {"campaign_permissions": {"monthly_budget": "9999999"}}),
    "crowded": (0.03, "COMPENSATED", {"recruitment_preferences": {"seats": 9999}}),
    "asked": (0.05, "COMPENSATED", {}),
}  # fmt: skip


@dataclass(frozen=True)
class Start:
    """`name` is its correlation and event id, and the key of a poison; it tells its number."""

    name: str
    kind: str
    sent: Sent
    again_after: float | None

    @property
    def meant(self) -> str:
        """How it is to end."""
        return KINDS[self.kind][1] if self.kind in KINDS else "DEAD LETTER"


def starts_of(seed: int, count: int) -> Iterator[Start]:
    """The same for the same seed, but for e-mail addresses, which no run before may have used."""
    chance, kinds = random.Random(seed), list(KINDS)
    shares, fresh = [KINDS[kind][0] for kind in kinds], uuid.uuid4().hex[:8]
    for number in range(count):
        if chance.random() < POISON_SHARE or number == 1:  # so that a short run has one too
            name = f"poison-{number}"
            yield Start(name, "poison", poison(chance, name), None)
        kind = chance.choices(kinds, shares)[0]
        again = chance.uniform(0, LATEST_AGAIN_SECONDS) if chance.random() < TWICE_SHARE else None
        yield Start(f"{kind}-{number}", kind, _start(kind, number, fresh), again)


def _start(kind: str, number: int, fresh: str) -> Sent:
    name, told = f"{kind}-{number}", {"email": f"{fresh}-{number}@techsolutions.example"}
    body = {"partner_data": starts.partner_data(**told, **KINDS[kind][2])}
    headers = {"ce_type": starts.STARTED, "ce_id": name, "ce_source": SOURCE,
               "ce_correlationid": name}  # fmt: skip
    return Sent(json.dumps(body).encode(), _bytes(headers))


def request_to_undo(saga: str, key: bytes) -> Sent:
    """As a person asks, in no journey's name; the same id however often it is sent."""
    body = {"failed_step": None, "code": "REQUESTED", "reason": "chaos", "requested_by": "a person"}
    headers = {"ce_type": f"{TYPE}CompensationRequested.v1", "ce_id": f"undo-{saga}",
               "ce_source": "/tests/person", "ce_sagaid": saga,
               "ce_subject": key.decode()}  # fmt: skip
    return Sent(json.dumps(body).encode(), _bytes(headers), key)


def _bytes(headers: dict[str, str]) -> Sequence[tuple[str, bytes]]:
    return tuple((name, text.encode()) for name, text in headers.items())


@dataclass
class Sender:
    """Sends at a rate; each until it is acknowledged. `counted`: what it did."""

    producer: AIOKafkaProducer
    accepted: Path
    topic: str = outside.start_topic("")
    counted: Counter[str] = field(default_factory=Counter)

    async def send_all(self, some: Iterator[Start], rate: float) -> None:
        """All of them, and each that is sent twice once more."""
        began, room = time.monotonic(), asyncio.Semaphore(MOST_UNDER_WAY)
        with self.accepted.open("a", buffering=1) as file:
            async with asyncio.TaskGroup() as group:
                for number, start in enumerate(some):
                    await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
                    await room.acquire()
                    sending = group.create_task(self._send(start, file.write))
                    sending.add_done_callback(lambda _: room.release())

    async def deliver(self, topic: str, sent: Sent) -> None:
        """Until it is acknowledged; a try whose answer is lost may have come there too."""

        async def acknowledged() -> bool:
            with suppress(KafkaError, TimeoutError):
                await starts.send_by(self.producer, topic, [sent])
                return True
            self.counted["tries without an answer"] += 1
            return False

        await until("an acknowledgement", acknowledged, ACKNOWLEDGED_SECONDS, pause=0.5)

    async def _send(self, start: Start, note: Any) -> None:
        await self.deliver(self.topic, start.sent)
        told = {"name": start.name, "kind": start.kind, "meant": start.meant, "at": time.time()}
        note(json.dumps(told) + "\n")
        self.counted["poison" if start.kind == "poison" else "accepted"] += 1
        if start.again_after is not None:
            await asyncio.sleep(start.again_after)
            await self.deliver(self.topic, start.sent)
            self.counted["sent twice"] += 1
