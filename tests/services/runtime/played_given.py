"""A step played to the end on ports that may break: batches, calls, sweeps, and again after a crash."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from runtime_given import Ground, said
from wired_ports import CrashError, WiredLog, WiredStore, Wires

from contracts.envelope import Record
from services.runtime.delivery import Delivery, deliver
from services.runtime.document import RESEND_SECONDS
from services.runtime.memory import MemoryOutside
from services.runtime.outside import call
from services.runtime.sweeper import sweep

MOST_ROUNDS = 8
PATIENT = {"seconds_for": lambda _row: 36_000.0}


class Never:
    """The port `Watch`: nobody is silent here."""

    def is_silent(self, _document: Any, _now: datetime, /) -> bool:
        return False


class Always:
    """The port `Watch`: the next step is silent."""

    def is_silent(self, _document: Any, _now: datetime, /) -> bool:
        return True


@dataclass
class Play:
    """One worker at a time: after a crash another one starts, which knows only what is stored."""

    ground: Ground
    watch: Any = field(default_factory=Never)
    wires: Wires = field(default_factory=Wires)
    outside: MemoryOutside = field(default_factory=MemoryOutside)
    delivery: Delivery = field(init=False)

    def __post_init__(self) -> None:
        self._start()

    async def batches(self, *batches: Sequence[Record]) -> "Play":
        """Each comes again until it is acknowledged; what follows from it comes to rest."""
        for batch in batches:
            while await self._went_well(lambda one=batch: deliver(self.delivery, one)) is False:
                pass
            await self._rest()
        return self

    async def _rest(self) -> None:
        for _ in range(MOST_ROUNDS):
            while self.ground.calls:
                document = self.ground.calls.pop(0)
                await self._went_well(lambda one=document: call(self.delivery, self.outside, one))
            self.ground.clock.go_on(RESEND_SECONDS + 10)
            while (due := await self._went_well(lambda: sweep(self.delivery, self.watch))) is False:
                pass
            if due == 0 and not any(one.try_at for one in self.ground.store.documents.values()):
                return

    async def _went_well(self, action: Callable[[], Awaitable[Any]]) -> Any:
        """What came of it; False: it crashed, and another process starts."""
        try:
            return await action()
        except CrashError:
            self._start()
            return False

    def _start(self) -> None:
        """Calls that ran are gone with the process."""
        self.ground.calls.clear()
        ground, wires = self.ground, self.wires
        self.delivery = ground.delivery(
            log=WiredLog(wires, ground.log), store=WiredStore(wires, ground.store)
        )

    @property
    def states(self) -> dict[str, str]:
        return {saga: one.state for saga, one in self.ground.store.documents.items()}

    @property
    def bodies(self) -> dict[str, set[bytes | None]]:
        """By id what was said under it."""
        return {own: {body for body, _ in forms} for own, forms in said(self.ground.log).items()}

    @property
    def effects(self) -> dict[str, list[str]]:
        """By saga what the outside system brought about and took back, in order."""
        found: dict[str, list[str]] = {}
        for what, key in self.outside.effects:
            if what in ("created", "removed"):
                found.setdefault(key, []).append(what)
        return found
