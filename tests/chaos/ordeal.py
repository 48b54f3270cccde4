"""What is done to the system while it works: duplicates, and a death for every service.

A service dies in the middle of a batch: the database stands still for longer than Faust takes to
commit what it holds for done, then the service is killed, then the database goes on.
"""

import random
import signal
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from aiokafka import AIOKafkaProducer

from deploy.local.supervisor import Supervisor
from tests.integration import outside
from tests.integration.outside import Reading, Seen
from tests.integration.system import System

ECHOED_SHARE = 0.1
FROZEN_SECONDS = 1.5  # Faust commits once a second
SAYS = dict(zip(outside.STEPS, outside.EVENTS[1:6], strict=True))


@dataclass
class Ordeal:
    """A step is killed when it has said so many of its events, saga_state when so many contracts
    are there: a number of each one's own, drawn from the seed, so that it dies in its work.
    """

    system: System
    servers: Supervisor
    chance: random.Random
    sagas: int
    killed_at: dict[str, int] = field(default_factory=dict)
    said: Counter[str] = field(default_factory=Counter)
    echoed: set[tuple[str, str]] = field(default_factory=set)
    frozen_at: float | None = None
    due: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        first, last = self.sagas // 20, self.sagas // 2
        self.due = {name: self.chance.randint(first, last) for name in (*SAYS, "saga_state")}

    async def follow(self, reading: Reading, producer: AIOKafkaProducer) -> None:
        """Look at what came since the last time, and act on it."""
        fresh = await reading.more()
        self.said.update(one.topic.rpartition(".")[2] for one in fresh)
        self._freeze_or_kill()
        await self._say_some_again(fresh, producer)

    def _freeze_or_kill(self) -> None:
        doomed = [name for name, threshold in self.due.items() if self._said_by(name) >= threshold]
        if not doomed:
            return
        if self.frozen_at is None:
            self.servers.kill("mongo", signal.SIGSTOP)
            self.frozen_at = time.monotonic()
        elif time.monotonic() - self.frozen_at > FROZEN_SECONDS:
            self._kill(doomed[0])
            self.servers.kill("mongo", signal.SIGCONT)
            self.frozen_at = None

    def _kill(self, name: str) -> None:
        del self.due[name]
        self.system.stack.supervisor.kill(name)
        self.killed_at[name] = self._said_by(name)

    def _said_by(self, name: str) -> int:
        return self.said[SAYS.get(name, "contract-created")]

    async def _say_some_again(self, fresh: Sequence[Seen], producer: AIOKafkaProducer) -> None:
        """As after a crash or a retry, but at any moment; by no service of ours."""
        for one in fresh:
            identity = (one.topic, one.header("ce_id"))
            if one.header("ce_sagaid") and identity not in self.echoed:
                self.echoed.add(identity)
                if self.chance.random() < ECHOED_SHARE:
                    await producer.send(one.topic, one.value, one.key, headers=list(one.headers))
