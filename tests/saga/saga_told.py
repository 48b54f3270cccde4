"""What a world has said: its events, what the projection tells of them, its dead letters."""

from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from typing import Any

from saga_played import NUMBERED, START

from contracts.envelope import Event, Record
from contracts.events import CompensationCompleted, event_names
from contracts.operator import read_operator_event
from contracts.poison import PoisonError
from contracts.topics import dead_letter_topic, event_topic
from saga_state.document import Saga
from saga_state.partner_hash import partner_hash
from saga_state.state import fold
from services.runtime.world import World

hash_of = partial(partner_hash, b"a key of tests")


def events(world: World) -> list[Event]:
    """All events of all topics, duplicates too, topic by topic; of dead letters the parkings."""
    topics = [event_topic(name) for name in event_names()]
    found = []
    for record in (record for topic in topics for record in world.log.records(topic)):
        try:
            found.append(world.reader.read(record))
        except PoisonError:
            continue
    told = (read_operator_event(record, world.reader) for record in letters(world))
    return [*found, *(event for event in told if event)]


def by_saga(all_events: Iterable[Event]) -> dict[str, list[Event]]:
    sagas: dict[str, list[Event]] = defaultdict(list)
    for event in all_events:
        sagas[event.context.saga_id].append(event)
    return sagas


def in_order(world: World, saga: str) -> list[Event]:
    """What was said of a saga, each event once, in the order in which the log took it."""
    found: dict[tuple[str, str], Event] = {}
    for event in sorted(by_saga(events(world))[saga], key=lambda one: one.record.timestamp_ms):
        found.setdefault((event.source, event.event_id), event)
    return list(found.values())


def said(world: World, saga: str) -> list[str]:
    """The names of what the services said of a saga, each once, in order."""
    return list(dict.fromkeys(e.name for e in in_order(world, saga) if e.name != START))


def undone(world: World, saga: str) -> dict[str, str]:
    """Step by step what CompensationCompleted said, in the order in which it was said."""
    told = [event.data for event in in_order(world, saga)]
    return {one.step: one.outcome for one in told if isinstance(one, CompensationCompleted)}


def projected(world: World) -> dict[str, Saga]:
    """The documents of all sagas, told from the topics."""
    return {saga: fold(None, heard, hash_of) for saga, heard in by_saga(events(world)).items()}


def status(world: World, saga: str) -> str:
    return projected(world)[saga]["status"]


def states(world: World, saga: str) -> list[str]:
    """Of each service the state of its own document."""
    documents = [worker.delivery.store.documents for worker in world.workers.values()]
    return [of_step[saga].state if saga in of_step else "absent" for of_step in documents]


def bodies(world: World) -> dict[tuple[str, str], set[tuple[bytes | None, Any]]]:
    """By identity what was said under it: bodies with their headers (I3)."""
    found: dict[tuple[str, str], set[tuple[bytes | None, Any]]] = defaultdict(set)
    for event in events(world):
        headers = tuple(event.record.headers)
        found[event.source, event.event_id].add((event.record.value, headers))
    return found


def letters(world: World) -> list[Record]:
    """All that stands on the dead letter topics."""
    return [
        record for step in world.workers for record in world.log.records(dead_letter_topic(step))
    ]


def dead_letters(world: World) -> dict[tuple[str, int, int], str]:
    """By coordinates of what could not be read: its error class."""
    found = {}
    for record in letters(world):
        told = {name: text.decode() for name, text in record.headers if name.startswith("dlq_")}
        if told:
            place = (told["dlq_topic"], int(told["dlq_partition"]), int(told["dlq_offset"]))
            found[place] = told["dlq_error_class"]
    return found


def effects_of(world: World) -> dict[tuple[str, str], set[str]]:
    """By saga and step the numbers that were told on the topics (I2)."""
    step_of = {name: step for step, (name, _, _) in NUMBERED.items()}
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for event in events(world):
        step = step_of.get(event.name)
        if step:
            _, fact, field = NUMBERED[step]
            found[event.context.saga_id, step].add(event.body[fact][field])
    return found
