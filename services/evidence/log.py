"""What Kafka tells of the services that sagas wait for: topics, positions, groups, rates."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from contracts.topics import group
from saga_state.why.facts import Group, Place, Unknown
from saga_state.why.place import Trigger
from services.evidence.sources import part, parts
from services.runtime.kafka_places import KafkaPlaces, open_places
from services.runtime.settings import Settings
from services.runtime.topics import wanted_topics

Positions = Mapping[Place, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """By service the events that wait for it; the topics on which they answer, and since when it
    is of interest how many records these were given."""

    waits: Mapping[str, Sequence[Trigger]]
    says: frozenset[str]
    now: datetime
    since: datetime


@dataclass(frozen=True, slots=True)
class LogFacts:
    """What came of it. `away`: why the broker does not answer from here."""

    away: str | None = None
    missing: tuple[str, ...] | Unknown = ()
    ends: Positions | Unknown = field(default_factory=dict)
    rates: Mapping[Place, float] | Unknown = field(default_factory=dict)
    groups: Mapping[str, Group | Unknown] = field(default_factory=dict)
    stands: Mapping[str, Positions | Unknown] = field(default_factory=dict)


async def look(settings: Settings, asked: Asked, seconds: float) -> LogFacts:
    """All of it, each part by itself. Which topics there are comes first: to ask about one that is
    missing may make it."""
    async with open_places(settings) as places:
        there = await part(places.topics(), seconds)
        if isinstance(there, Unknown):
            return _away(f"{settings.kafka}: {there.reason}", asked)
        missing = tuple(one.name for one in wanted_topics(settings) if one.name not in there)
        return await _look(places, settings.prefix, asked, missing, seconds)


async def _look(
    places: KafkaPlaces, prefix: str, asked: Asked, missing: tuple[str, ...], seconds: float
) -> LogFacts:
    since_ms = round(asked.since.timestamp() * 1000)
    said = sorted(asked.says - set(missing))
    waits = {name: _places_of(some, missing) for name, some in asked.waits.items()}
    heard = sorted({topic for some in waits.values() for topic, _ in some})
    names = {name: group(name, prefix) for name in waits}
    given, groups, (stands, ends) = await asyncio.gather(
        part(places.since(said, since_ms), seconds) if said else _none(),
        parts({name: _group(places, told) for name, told in names.items()}, seconds),
        _stands_and_ends(places, names, waits, heard, seconds),
    )
    seconds_given = max(1.0, (asked.now - asked.since).total_seconds())
    return LogFacts(None, missing, ends, _rates(given, seconds_given), groups, stands)


async def _stands_and_ends(
    places: KafkaPlaces,
    names: Mapping[str, str],
    waits: Mapping[str, Sequence[Place]],
    heard: Sequence[str],
    seconds: float,
) -> tuple[dict[str, Positions | Unknown], Positions | Unknown]:
    """In this order: both only grow, so that a group beyond the end of a log is one of another log,
    and not one that went on between the two questions."""
    asked = {name: places.of_group(names[name], some) for name, some in waits.items()}
    stands = await parts(asked, seconds)
    return stands, await part(places.ends(heard), seconds) if heard else {}


async def _none() -> Positions:
    return {}


def _away(why: str, asked: Asked) -> LogFacts:
    none = Unknown("the broker does not answer")
    nobody = dict.fromkeys(asked.waits, none)
    return LogFacts(why, none, none, none, nobody, nobody)


def _places_of(waits: Sequence[Trigger], missing: Sequence[str]) -> list[Place]:
    return sorted({one.place for one in waits if one.topic not in missing})


def _rates(given: Positions | Unknown, seconds: float) -> Mapping[Place, float] | Unknown:
    if isinstance(given, Unknown):
        return given
    return {place: count / seconds for place, count in given.items()}


async def _group(places: KafkaPlaces, name: str) -> Group:
    found = await places.members(name)
    clients = found.clients
    return Group(found.state, None if clients is None else len(clients), clients or ())
