"""The cluster as what is done to it sees it: whom to strike, and who is healed."""

import asyncio
import random
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.chaos.cluster.servers import Servers
from tests.deploy.sandbox import Sandbox

READY_SECONDS = 180.0


@dataclass
class Cluster:
    """`healed` is called at the end of each fault; `now` names those that strike, until `over`.
    With `control` the platform forgets its keys. `log` takes a line for each fault.
    """

    servers: Servers
    workers: Sequence[str]
    healed: Callable[[], None]
    log: Callable[[str], object]
    seed: int = 0
    control: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)
    struck: Counter[str] = field(default_factory=Counter)
    now: list[str] = field(default_factory=list)

    @property
    def platform(self) -> Sandbox:
        return Sandbox(self.servers.platform, self.servers.effects)

    async def trouble_the_platform(self) -> None:
        """For all of the run. Without keys a call that is repeated has another effect."""
        told = [("error", 0.03, 0), ("lose", 0.05, 0), ("slow", 0.05, 1)]
        for fault, share, seconds in [*told, *([("ignore_keys", 1, 0)] if self.control else [])]:
            await self.platform.tell(fault, share=share, seconds=seconds, seed=self.seed % 2**31)

    @contextmanager
    def striking(self, name: str) -> Iterator[None]:
        """While it begins, strikes and is healed; counted once."""
        self.struck[name] += 1
        self.now.append(name)
        self.log(f"{name} begins")
        try:
            yield
        finally:
            self.now.remove(name)
            self.log(f"{name} is healed")
        self.healed()

    def living(self, chance: random.Random, names: Sequence[str]) -> str:
        """One of them that runs now."""
        alive = [name for name in names if self.servers.supervisor.pid(name) is not None]
        return chance.choice(alive or list(names))

    def signal(self, name: str, how: signal.Signals) -> None:
        """As the world outside would; nothing if it does not run now."""
        with suppress(ProcessLookupError):
            self.servers.supervisor.kill(name, how)

    async def until_ready(self, name: str) -> None:
        """Its next life, after a signal that ended one."""
        await self.servers.supervisor.wait_ready(name, READY_SECONDS)

    async def restart(self, name: str) -> None:
        """As a roll-out does: told to stop, and started again."""
        await self.servers.supervisor.stop(name)
        await self.servers.supervisor.start(name)
