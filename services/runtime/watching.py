"""Due is not yet dead: telling a step that is gone or stuck from one that is only behind.

A watch that is due speaks only when the next service had its chance to answer. Either its group
has read past the event for the whole time it has to answer (T1: taken and not answered), or it
stands before the event and has not moved anywhere for that time, or it has no group at all. And
only when this service's own group has read all answers there were at that moment (T2). A group that
moves has a queue: the watch is put off, however long it takes.

That its place in one partition stands still says nothing while it moves elsewhere: a consumer is
given hundreds of records of one partition before those of the next. And of a topic all partitions
count: where it was given more of them, an event may stand in another than its key tells now.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from contracts.journey import Step, rows_of
from contracts.topics import event_topic, group
from services.runtime.document import Document
from services.runtime.hearing import topics_of
from services.runtime.part import Part

Partition = tuple[str, int]
Offsets = Mapping[Partition, int]
FORGOTTEN_AFTER = timedelta(minutes=10)
STILL_AT_LEAST = timedelta(seconds=10)
"""A group whose worker died stands still until its session is over and another has its partitions;
one on an overloaded machine for as long as a batch takes."""


class Places(Protocol):
    """Where logs end and where groups stand. Raises if the broker does not answer in time."""

    async def ends(self, topics: Sequence[str]) -> Offsets:
        """The offset that the next record of each partition will have."""
        ...

    async def begins(self, topics: Sequence[str]) -> Offsets:
        """That of the first record. Only of topics whose ends were asked for."""
        ...

    async def of_group(self, group: str, partitions: Sequence[Partition]) -> Offsets:
        """What a group has committed; partitions without a commit are left out."""
        ...


@dataclass(slots=True)
class Seen:
    """A watch that is due. `ends`: where the logs ended when it was first seen so; `answers`: when
    the next step had had its chance."""

    ends: Mapping[str, Offsets]
    asked_at: datetime
    past_since: datetime | None = None
    answers: Mapping[str, Offsets] | None = None


@dataclass(slots=True)
class NextServices:
    """The port `Watch` of the sweeper. What it has seen is only in memory: a successor looks
    for itself, which makes watches late, never early."""

    part: Part
    places: Places
    _ends: Mapping[str, Offsets] = field(default_factory=dict)  # by topic
    _stands: dict[str, Offsets] = field(default_factory=dict)
    _moved_at: dict[str, tuple[Offsets, datetime]] = field(default_factory=dict)
    _seen: dict[str, Seen] = field(default_factory=dict)

    async def look(self, now: datetime, /) -> None:
        """Note where all groups stand now. Once per sweep, for all watches. The last step asks too:
        that the broker answers says that time counts."""
        self._forget_answered(now)
        answers = self._answers()
        hears = {name: topics_of(name, self.part.journeys, self.part.prefix) for name in answers}
        mine = topics_of(self.part.name, self.part.journeys, self.part.prefix)
        topics = {topic for some in (mine, *answers.values(), *hears.values()) for topic in some}
        self._ends = _by_topic(await self.places.ends(sorted(topics)))
        for name, heard in hears.items():
            self._stands[name] = await self._stands_of(name, heard)
            self._note(name, now)
        own = sorted({topic for some in answers.values() for topic in some})
        self._stands[self.part.name] = await self._stands_of(self.part.name, own)

    def forget(self) -> None:
        """Nobody could look for a while: what did not move then says nothing."""
        self._seen.clear()
        self._moved_at.clear()

    def is_silent(self, document: Document, now: datetime, /) -> bool:
        """Whether the step after it had its chance to answer this saga, and did not."""
        journey = self.part.journey_of(document.context)
        after = journey.after(self.part.name) if journey else None
        if journey is None or after is None:
            return False
        saga = document.context.saga_id
        event, answer = self._pair(self.part.row(journey), after)
        seen = self._seen.pop(saga, None) or Seen(self._ends, now)
        seen.asked_at, self._seen[saga] = now, seen
        patience = timedelta(seconds=self.part.watched(journey) or 0)
        if not self._had_its_chance(seen, after.name, event, patience, now):
            seen.answers = None
            return False
        if seen.answers is None:
            seen.answers = self._ends
        if not _is_past(self._stands[self.part.name], seen.answers[answer]):
            return False
        del self._seen[saga]
        return True

    def _forget_answered(self, now: datetime) -> None:
        """Watches that were cleared meanwhile: nobody asks for them any more. The longest unasked
        stand first."""
        while self._seen:
            saga = next(iter(self._seen))
            if now - self._seen[saga].asked_at < FORGOTTEN_AFTER:
                return
            del self._seen[saga]

    def _had_its_chance(
        self, seen: Seen, name: str, event: str, patience: timedelta, now: datetime
    ) -> bool:
        stands = self._stands.get(name, {})
        if not stands:
            return True
        if _is_past(stands, seen.ends[event]):
            seen.past_since = seen.past_since or now
            return now - seen.past_since >= patience
        return now - self._moved_at[name][1] >= max(patience, STILL_AT_LEAST)

    async def _stands_of(self, name: str, topics: Sequence[str]) -> Offsets:
        """Where a group stands. In a partition in which it committed nothing that is its beginning:
        one whose records have gone would never be read."""
        ends = {one: end for topic in topics for one, end in self._ends[topic].items()}
        stands = await self.places.of_group(group(name, self.part.prefix), list(ends))
        unread = [one for one, end in ends.items() if end and one not in stands]
        if not stands or not unread:
            return stands
        begins = await self.places.begins(sorted({topic for topic, _ in unread}))
        return {**{one: begins[one] for one in unread}, **stands}

    def _note(self, name: str, now: datetime) -> None:
        places = self._stands[name]
        if name not in self._moved_at or self._moved_at[name][0] != places:
            self._moved_at[name] = (places, now)

    def _answers(self) -> Mapping[str, Set[str]]:
        """Of each next service the topics on which it answers, in whatever version."""
        found: dict[str, set[str]] = {}
        for journey, row in rows_of(self.part.name, self.part.journeys.values()):
            if (after := journey.after(row.name)) is not None:
                found.setdefault(after.name, set()).add(self._pair(row, after)[1])
        return found

    def _pair(self, row: Step, after: Step) -> tuple[str, str]:
        """The topic of this step's event, the topic of the answer to it."""
        prefix = self.part.prefix
        return event_topic(row.says, prefix), event_topic(after.says, prefix)


def _by_topic(ends: Offsets) -> Mapping[str, Offsets]:
    found: dict[str, dict[Partition, int]] = {}
    for one, end in ends.items():
        found.setdefault(one[0], {})[one] = end
    return found


def _is_past(stands: Offsets, ends: Offsets) -> bool:
    return all(stands.get(one, 0) >= end for one, end in ends.items())
