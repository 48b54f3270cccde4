"""Due is not yet dead: telling a step that is gone or stuck from one that is only behind.

A watch that is due speaks only when the next service had its chance to answer. Either its group
has read past the event for the whole time it has to answer (T1: taken and not answered), or it
stands before the event and has not moved anywhere for that time, or it has no group at all. And
only when this service's own group has read all answers there were at that moment (T2). A group that
moves has a queue: the watch is put off, however long it takes.

That its place in the event's own partition stands still says nothing while it moves elsewhere: a
consumer is given hundreds of records of one partition before those of the next.
"""

from collections.abc import Mapping, Sequence
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

    async def of_group(self, group: str, partitions: Sequence[Partition]) -> Offsets:
        """What a group has committed; partitions without a commit are left out."""
        ...

    def partition_of(self, topic: str, key: str) -> Partition:
        """Where records of a key are. Only for topics whose ends were asked for."""
        ...


@dataclass(slots=True)
class Seen:
    """A watch that is due. `end`: what the log of its event held when it was first seen so."""

    end: int
    asked_at: datetime
    past_since: datetime | None = None
    answers_end: int | None = None


@dataclass(slots=True)
class NextServices:
    """The port `Watch` of the sweeper. What it has seen is only in memory: a successor looks
    for itself, which makes watches late, never early."""

    part: Part
    places: Places
    _ends: Offsets = field(default_factory=dict)
    _stands: dict[str, Offsets] = field(default_factory=dict)
    _moved_at: dict[str, tuple[Offsets, datetime]] = field(default_factory=dict)
    _seen: dict[str, Seen] = field(default_factory=dict)

    async def look(self, now: datetime, /) -> None:
        """Note where all groups stand now. Once per sweep, for all watches. The last step asks too:
        that the broker answers says that time counts."""
        self._forget_answered(now)
        heard = self._pairs()
        hears = {name: topics_of(name, self.part.journeys, self.part.prefix) for name in heard}
        mine = topics_of(self.part.name, self.part.journeys, self.part.prefix)
        topics = {topic for some in (mine, *heard.values(), *hears.values()) for topic in some}
        self._ends = await self.places.ends(sorted(topics))
        for name, (_, answers) in heard.items():
            theirs = [one for one in self._ends if one[0] in hears[name]]
            own = [one for one in self._ends if one[0] == answers]
            self._stands[name] = await self.places.of_group(group(name, self.part.prefix), theirs)
            self._note(name, now)
            self._stands[self.part.name] = {
                **self._stands.get(self.part.name, {}),
                **await self.places.of_group(group(self.part.name, self.part.prefix), own),
            }

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
        saga, key = document.context.saga_id, document.context.partner_id
        topics = self._pair(self.part.row(journey), after)
        event, answer = (self.places.partition_of(topic, key) for topic in topics)
        seen = self._seen.pop(saga, None) or Seen(self._ends.get(event, 0), now)
        seen.asked_at, self._seen[saga] = now, seen
        patience = timedelta(seconds=self.part.watched(journey) or 0)
        if not self._had_its_chance(seen, after.name, event, patience, now):
            seen.answers_end = None
            return False
        if seen.answers_end is None:
            seen.answers_end = self._ends.get(answer, 0)
        if self._stands[self.part.name].get(answer, 0) < seen.answers_end:
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
        self, seen: Seen, name: str, event: Partition, patience: timedelta, now: datetime
    ) -> bool:
        stands = self._stands.get(name, {})
        if not stands:
            return True
        if stands.get(event, 0) >= seen.end:
            seen.past_since = seen.past_since or now
            return now - seen.past_since >= patience
        return now - self._moved_at[name][1] >= max(patience, STILL_AT_LEAST)

    def _note(self, name: str, now: datetime) -> None:
        places = self._stands[name]
        if name not in self._moved_at or self._moved_at[name][0] != places:
            self._moved_at[name] = (places, now)

    def _pairs(self) -> dict[str, tuple[str, str]]:
        """Of each next service: the topic it hears from this step, the topic it answers on."""
        found: dict[str, tuple[str, str]] = {}
        for journey, row in rows_of(self.part.name, self.part.journeys.values()):
            if (after := journey.after(row.name)) is not None:
                found[after.name] = self._pair(row, after)
        return found

    def _pair(self, row: Step, after: Step) -> tuple[str, str]:
        """The topic of this step's event, the topic of the answer to it."""
        prefix = self.part.prefix
        return event_topic(row.says, prefix), event_topic(after.says, prefix)
