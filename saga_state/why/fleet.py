"""The fleet: the sagas that are stuck, grouped by why; those with which nothing is wrong apart."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from saga_state.document import Saga
from saga_state.why.answer import Answer


@dataclass(frozen=True, slots=True)
class Stuck:
    """Sagas that wait for the same reason. `since`, `example` and `sentence` are of the one that
    has been unchanged for longest; `sure`: of how many the cause is proven."""

    cause: str
    service: str
    count: int
    sure: int
    since: datetime
    example: str
    sentence: str
    command: str

    @property
    def body(self) -> dict[str, Any]:
        """As JSON has it; the time is a datetime."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Fleet:
    """`well`: how many of those looked at are under way, and nothing is wrong with them."""

    groups: Sequence[Stuck]
    looked_at: int
    well: int


def fleet_of(told: Iterable[tuple[Saga, Answer]]) -> Fleet:
    """The largest group first."""
    groups: dict[tuple[str, str], list[tuple[Saga, Answer]]] = defaultdict(list)
    looked_at = well = 0
    for saga, answer in told:
        looked_at += 1
        if answer.cause.name == "waiting_for_deadline" and answer.sure:
            well += 1
        else:
            groups[answer.cause.name, answer.cause.service].append((saga, answer))
    found = [_stuck(some) for some in groups.values()]
    return Fleet(sorted(found, key=lambda one: (-one.count, one.since)), looked_at, well)


def _stuck(some: Sequence[tuple[Saga, Answer]]) -> Stuck:
    saga, answer = min(some, key=lambda one: one[0]["updated_at"])
    return Stuck(
        cause=answer.cause.name,
        service=answer.cause.service,
        count=len(some),
        sure=sum(one.sure for _, one in some),
        since=saga["updated_at"],
        example=saga["_id"],
        sentence=answer.sentence,
        command=answer.cause.for_all,
    )
