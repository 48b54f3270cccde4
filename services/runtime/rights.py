"""What each process must be allowed to do on Kafka, and nothing more; derived from the journeys.

A step also reads what the step after it hears: to tell one that is silent from one that has not
come so far, it looks where those logs end and where that group stands (watching.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from contracts.events import event_names
from contracts.journey import JOURNEYS, Journeys, rows_of
from contracts.participants import PRODUCER, participants
from contracts.topics import dead_letter_topic, event_topic, group
from services.runtime.hearing import topics_of

Operation = Literal["Read", "Write", "Describe", "Create", "DescribeConfigs"]
Kind = Literal["topic", "group"]
PROJECTION, GATEWAY, OPERATOR = "saga-state", "gateway", "operator"


@dataclass(frozen=True, slots=True)
class Right:
    """To do `operation` on each of `names`."""

    operation: Operation
    kind: Kind
    names: tuple[str, ...]


def rights(journeys: Journeys = JOURNEYS, prefix: str = "") -> dict[str, list[Right]]:
    """By user: the steps in the order of the journeys, the projection, the gateway, who runs
    `onboarding`. The gateway reads to tell how far a group is behind, and why a saga waits; it
    writes what a person redrives too."""
    known = participants(journeys.values())
    steps = [one.name for one in known if one.name not in (PRODUCER.name, PROJECTION)]
    events = [event_topic(name, prefix) for name in event_names()]
    letters = [dead_letter_topic(name, prefix) for name in (*steps, PROJECTION)]
    found = {step: _of_step(step, journeys, prefix) for step in steps}
    found[PROJECTION] = [
        _right("Read", "topic", [*events, *letters]),
        _right("Write", "topic", [dead_letter_topic(PROJECTION, prefix)]),
        _right("Read", "group", [group(PROJECTION, prefix)]),
    ]
    found[GATEWAY] = [
        _right("Write", "topic", [*events, *letters]),
        _right("Read", "topic", [*events, *letters]),
        _right("Describe", "group", [group(name, prefix) for name in (*steps, PROJECTION)]),
    ]
    found[OPERATOR] = [
        _right("Create", "topic", [*events, *letters]),
        _right("DescribeConfigs", "topic", [*events, *letters]),
        _right("Write", "topic", [*events, *letters]),
        _right("Read", "topic", [*events, *letters]),
        _right("Describe", "group", [group(name, prefix) for name in (*steps, PROJECTION)]),
    ]
    return found


def _of_step(step: str, journeys: Journeys, prefix: str) -> list[Right]:
    rows = rows_of(step, journeys.values())
    next_ones = dict.fromkeys(
        after.name for journey, _ in rows if (after := journey.after(step)) is not None
    )
    reads = [topic for name in (step, *next_ones) for topic in topics_of(name, journeys, prefix)]
    (itself,) = (one for one in participants(journeys.values()) if one.name == step)
    says = [event_topic(name, prefix) for name in itself.says]
    groups = [group(name, prefix) for name in next_ones]
    return [
        _right("Read", "topic", reads),
        _right("Write", "topic", [*says, dead_letter_topic(step, prefix)]),
        _right("Read", "group", [group(step, prefix)]),
        *([_right("Describe", "group", groups)] if groups else []),
    ]


def _right(operation: Operation, kind: Kind, names: Iterable[str]) -> Right:
    return Right(operation, kind, tuple(dict.fromkeys(names)))
