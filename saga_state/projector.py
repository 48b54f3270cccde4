"""Projecting a batch of events: keep each event, fold each saga. Nothing is said to anyone.

A batch costs a write of its events, and a read and a write per 125 sagas; more only for
identities that are known already, and for sagas that another worker wrote at the same moment. It
may be repeated at any point: what was kept is kept, what was folded folds to the same.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Protocol, TypeVar, cast

from contracts.envelope import Event
from saga_state.document import Saga, StoredEvent
from saga_state.facts import HashOf
from saga_state.notes import Note, note_of
from saga_state.records import order_of, same_event, stored_form
from saga_state.state import fold_notes
from saga_state.turns import Turn, turns_of

SAGAS_AT_ONCE = 125  # a bound on memory: a saga is many small objects while it is folded
A = TypeVar("A")
B = TypeVar("B")
Written = tuple[str, tuple[Turn, ...]]  # the id of a saga, and the turns that its write has shown


class Keeper(Protocol):
    """What is needed of a store. store.py (MongoDB) and memory.py are two."""

    async def insert_events(self, events: Sequence[StoredEvent]) -> Mapping[str, StoredEvent]:
        """Keep events of distinct identities; those already kept are returned, by `_id`.

        Of these only `_id` and the fields of records.ORDER and records.SAME are needed.
        """
        ...

    async def replace_later(self, events: Sequence[StoredEvent]) -> None:
        """Each in place of the kept one of its `_id`, if that comes later by records.ORDER."""
        ...

    async def read_sagas(self, saga_ids: Collection[str]) -> Mapping[str, Saga]:
        """Those that exist, by id."""
        ...

    async def write_sagas(self, sagas: Sequence[Saga]) -> Collection[str]:
        """Each if its stored revision is still that of the document (0: none is stored).

        Stored revisions are one higher. Returns the ids of those that missed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Reused:
    """An event whose identity another event has: it belongs in the dead letter topic (ID_REUSED).

    `event` is the one that arrived second. Both may yet be the one that is kept: that is the
    earlier by event time, then by topic, partition and offset, `other` being that of the other.
    """

    event: Event
    other: tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Projected:
    """What became of a batch. `sagas`: the ids of those that changed; `turns`: in their lives."""

    duplicates: int
    reused: tuple[Reused, ...]
    sagas: tuple[str, ...]
    turns: tuple[Turn, ...] = ()


async def project(
    batch: Sequence[Event], store: Keeper, hash_of: HashOf, now: datetime
) -> Projected:
    """Project a batch. `now` becomes `recorded_at`. Raises what the store raises; repeat it then.

    An event whose identity was used twice is folded all the same: a saga's document is told from
    all records of that saga, so that it cannot depend on which of them came first.
    """
    if not batch:
        return Projected(0, (), ())
    (duplicates, reused), written = await _both(
        keep(batch, store, now), _fold_sagas(batch, store, hash_of)
    )
    turns = tuple(turn for _, some in written for turn in some)
    return Projected(duplicates, reused, tuple(id_ for id_, _ in written), turns)


async def keep(
    batch: Sequence[Event], store: Keeper, now: datetime
) -> tuple[int, tuple[Reused, ...]]:
    """Keep the events alone; how many were kept already, and those whose identity is another's."""
    distinct, duplicates, reused = _distinct(batch, now)
    known = await store.insert_events([form for _, form in distinct])
    clashes = [
        (event, form, known[form["_id"]]) for event, form in distinct if form["_id"] in known
    ]
    earlier = [form for _, form, kept in clashes if order_of(form) < order_of(kept)]
    if earlier:
        await store.replace_later(earlier)
    reused += [
        Reused(event, _place(kept)) for event, form, kept in clashes if not same_event(form, kept)
    ]
    again = sum(same_event(form, kept) for _, form, kept in clashes)
    return duplicates + again, tuple(reused)


async def fold_into(
    store: Keeper, waiting: Mapping[str, Sequence[Note]], before: Mapping[str, Saga]
) -> list[Written]:
    """Fold and write until every saga is written that had something new; returns what was.

    `before`: what is stored of them, as far as that is known.
    """
    written: list[Written] = []
    while waiting:
        folded = {id_: fold_notes(before.get(id_), notes) for id_, notes in waiting.items()}
        changed = [saga for id_, saga in folded.items() if saga is not before.get(id_)]
        missed = await store.write_sagas(changed) if changed else ()
        written += [
            (saga["_id"], turns_of(before.get(saga["_id"]), saga))
            for saga in changed
            if saga["_id"] not in missed
        ]
        waiting = {id_: waiting[id_] for id_ in missed}
        before = await store.read_sagas(waiting) if waiting else {}
    return written


async def _both(one: Coroutine[Any, Any, A], other: Coroutine[Any, Any, B]) -> tuple[A, B]:
    """Side by side: neither needs the other. Ends when both have ended, then raises."""
    found = await asyncio.gather(one, other, return_exceptions=True)
    for result in found:
        if isinstance(result, BaseException):
            raise result
    return cast(tuple[A, B], tuple(found))


def _distinct(
    batch: Sequence[Event], now: datetime
) -> tuple[list[tuple[Event, StoredEvent]], int, list[Reused]]:
    """One record per identity, the first by order; how often the same came again; other bodies."""
    chosen: dict[str, tuple[Event, StoredEvent]] = {}
    duplicates, reused = 0, []
    for event in batch:
        form = stored_form(event, now)
        first = later = (event, form)
        if other := chosen.get(form["_id"]):
            first, later = sorted((other, (event, form)), key=lambda pair: order_of(pair[1]))
            if same_event(form, other[1]):
                duplicates += 1
            else:
                reused.append(Reused(later[0], _place(first[1])))
        chosen[form["_id"]] = first
    return list(chosen.values()), duplicates, reused


async def _fold_sagas(batch: Sequence[Event], store: Keeper, hash_of: HashOf) -> list[Written]:
    sagas: dict[str, list[Event]] = defaultdict(list)
    for event in batch:
        sagas[event.context.saga_id].append(event)
    waiting = iter(sagas.items())
    one, other = await _both(*(_fold_in_turn(waiting, store, hash_of) for _ in range(2)))
    return one + other


async def _fold_in_turn(
    waiting: Iterator[tuple[str, list[Event]]], store: Keeper, hash_of: HashOf
) -> list[Written]:
    """Some after the other, until none waits. There are two of these: while one waits for the
    store, the other folds."""
    written: list[Written] = []
    while some := dict(islice(waiting, SAGAS_AT_ONCE)):
        before = await store.read_sagas(some)
        noted = {id_: [note_of(one, hash_of) for one in events] for id_, events in some.items()}
        written += await fold_into(store, noted, before)
    return written


def _place(stored: StoredEvent) -> tuple[str, int, int]:
    return stored["topic"], stored["partition"], stored["offset"]
