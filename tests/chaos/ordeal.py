"""What is done to the system while it works: duplicates, and a death for every service."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from aiokafka import AIOKafkaProducer

from tests.integration import outside
from tests.integration.outside import Reading, Seen
from tests.integration.system import System

ECHOED_SHARE = 0.1
SAYS = dict(zip(outside.STEPS, outside.EVENTS[1:6], strict=True))


@dataclass
class Ordeal:
    """A step is killed when it has said so many of its events, saga_state when so many contracts
    are there: a number of each one's own, drawn from the seed, so that it dies in its work.
    """

    system: System
    chance: random.Random
    sagas: int
    killed_at: dict[str, int] = field(default_factory=dict)
    said: Counter[str] = field(default_factory=Counter)
    echoed: set[tuple[str, str]] = field(default_factory=set)
    due: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        first, last = self.sagas // 20, self.sagas // 2
        self.due = {name: self.chance.randint(first, last) for name in (*SAYS, "saga_state")}

    async def follow(self, reading: Reading, producer: AIOKafkaProducer) -> None:
        """Look at what came since the last time, and act on it."""
        fresh = await reading.more()
        self._count(fresh)
        self._kill()
        await self._say_some_again(fresh, producer)

    def _count(self, fresh: Sequence[Seen]) -> None:
        for one in fresh:
            self.said[one.topic.rpartition(".")[2]] += 1

    def _kill(self) -> None:
        for name, threshold in list(self.due.items()):
            said = self.said[SAYS.get(name, "contract-created")]
            if said >= threshold:
                del self.due[name]
                self.system.stack.supervisor.kill(name)
                self.killed_at[name] = said

    async def _say_some_again(self, fresh: Sequence[Seen], producer: AIOKafkaProducer) -> None:
        """As after a crash or a retry, but at any moment; by no service of ours."""
        for one in fresh:
            identity = (one.topic, one.header("ce_id"))
            if one.header("ce_sagaid") and identity not in self.echoed:
                self.echoed.add(identity)
                if self.chance.random() < ECHOED_SHARE:
                    await producer.send(one.topic, one.value, one.key, headers=list(one.headers))
