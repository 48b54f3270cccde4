"""Acts that take longer than an answer may: they go on by themselves, and a page tells how far."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from services.gateway.problems import Conflict, Problem

MOST = 100
Tell = Callable[[int], None]
log = structlog.get_logger()


@dataclass(slots=True)
class Deed:
    """`done` of `total`; `wrong`: why it ended before."""

    id: str
    tenant_id: str
    what: str
    reason: str
    by: str
    total: int
    began_at: datetime
    done: int = 0
    wrong: str = ""
    has_ended: bool = False


class Deeds:
    """Those of this process, the latest; of a tenant one at a time."""

    def __init__(self) -> None:
        self._known: dict[str, Deed] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._begun: Counter[str] = Counter()

    def begun(self, tenant_id: str) -> int:
        """How many acts of a tenant began so far: if it is another number, others came between."""
        return self._begun[tenant_id]

    def reserve(self, deed: Deed, begun: int) -> None:
        """Nobody else of the tenant acts until it has ended. Conflict while another goes on, or if
        one began since `begun`."""
        of_tenant = (one for one in self._known.values() if one.tenant_id == deed.tenant_id)
        if other := next((one for one in of_tenant if not one.has_ended), None):
            line = f"another act is under way: {other.done} of {other.total} are {other.what}"
            raise Conflict("UNDER_WAY", f"{line}; wait until it has ended")
        if self._begun[deed.tenant_id] != begun:
            raise Conflict("UNDER_WAY", "another act came in between: look again")
        self._begun[deed.tenant_id] += 1
        ended = [one.id for one in self._known.values() if one.has_ended]
        for id_ in ended[: max(0, len(self._known) - MOST + 1)]:
            del self._known[id_]
        self._known[deed.id] = deed

    def give_up(self, deed: Deed) -> None:
        """What was reserved does not begin."""
        del self._known[deed.id]

    def begin(self, deed: Deed, work: Callable[[Tell], Awaitable[None]]) -> None:
        """What was reserved; it goes on when this has returned."""
        task = asyncio.create_task(self._done(deed, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def find(self, tenant_id: str, id_: str) -> Deed | None:
        """None: it is not known here, or another tenant's."""
        deed = self._known.get(id_)
        return deed if deed is not None and deed.tenant_id == tenant_id else None

    async def all_ended(self) -> None:
        """Waits for those that go on."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _done(self, deed: Deed, work: Callable[[Tell], Awaitable[None]]) -> None:
        def tell(count: int) -> None:
            deed.done = count

        try:
            await work(tell)
        except Problem as problem:
            deed.wrong = problem.detail
        except Exception as error:
            log.exception("dashboard.act_broke_off", what=deed.what)
            deed.wrong = f"it broke off ({type(error).__name__})"
        finally:
            deed.has_ended = True
