"""A journey as a drawing: what is done, what is at work, what is to come and when; pure."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.journey import JOURNEYS, Journeys, Step
from saga_state.document import Saga, StepState
from saga_state.shown import shown_state
from services.gateway.dashboard.words import duration, relative, tone, words

WIDE, HIGH, GAP, EDGE = 168, 84, 32, 4  # of a box, between two, around all
_UNDONE = ("undoing", "undone", "undo_parked", "nothing_to_undo", "resolved_by_operator")


@dataclass(frozen=True, slots=True)
class Node:
    """A step. `when`: what it took, when it is due, or by when it should be done."""

    step: str
    state: str
    tone: str
    is_now: bool
    when: str


@dataclass(frozen=True, slots=True)
class Box:
    """Where a node stands."""

    node: Node
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Arrow:
    """From one box to the next; `kind`: ahead, gone, or back where it was undone."""

    kind: str
    points: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Drawing:
    """All of it, in units of its view box."""

    width: int
    height: int
    boxes: Sequence[Box]
    arrows: Sequence[Arrow]


def nodes_of(
    saga: Saga,
    now: datetime,
    seconds_for: Callable[[Step], float] = lambda row: row.timeout_seconds,
    journeys: Journeys = JOURNEYS,
) -> list[Node]:
    """The steps of a saga as they stood at that time, in the order of its journey."""
    journey = journeys.get((saga["journey"], saga["journey_version"]))
    latest, nodes = saga["due_at"], []
    for step in saga["steps"]:
        is_now = step["step"] == saga["current_step"]
        row = journey.step(step["step"]) if journey else None
        if latest is not None and step["state"] == "waiting" and not is_now and row:
            latest += timedelta(seconds=seconds_for(row))
        nodes.append(_node(saga, step, latest, is_now, now))
    return nodes


def across(nodes: Sequence[Node]) -> Drawing:
    """From left to right: for a screen that is wide enough."""
    boxes = [Box(one, EDGE + n * (WIDE + GAP), EDGE) for n, one in enumerate(nodes)]
    middle = EDGE + HIGH // 2
    arrows = [_arrow(a.node, (a.x + WIDE, middle, b.x, middle)) for a, b in _pairs(boxes)]
    return Drawing(len(nodes) * (WIDE + GAP) - GAP + 2 * EDGE, HIGH + 2 * EDGE, boxes, arrows)


def down(nodes: Sequence[Node]) -> Drawing:
    """From top to bottom: for a phone."""
    boxes = [Box(one, EDGE, EDGE + n * (HIGH + GAP)) for n, one in enumerate(nodes)]
    middle = EDGE + WIDE // 2
    arrows = [_arrow(a.node, (middle, a.y + HIGH, middle, b.y)) for a, b in _pairs(boxes)]
    return Drawing(WIDE + 2 * EDGE, len(nodes) * (HIGH + GAP) - GAP + 2 * EDGE, boxes, arrows)


def in_words(nodes: Sequence[Node]) -> str:
    """The same for whoever does not see it."""
    told = (f"{one.step}: {words(one.state)}{f', {one.when}' if one.when else ''}" for one in nodes)
    return "; ".join(told)


def _node(
    saga: Saga, step: StepState, latest: datetime | None, is_now: bool, now: datetime
) -> Node:
    state = shown_state(saga, step)
    return Node(step["step"], state, tone(state), is_now, _when(step, state, latest, is_now, now))


def _when(step: StepState, state: str, latest: datetime | None, is_now: bool, now: datetime) -> str:
    if step["undone_at"] is not None:
        return f"undone {relative(step['undone_at'], now)}"
    if step["completed_at"] is not None:
        took = duration(step["duration_ms"])
        return f"took {took}" if took else relative(step["completed_at"], now)
    if state not in ("waiting", "to come") or latest is None:
        return ""
    return f"{'due' if is_now else 'by'} {latest:%H:%M:%S} UTC"  # a page tells no new one by itself


def _arrow(before: Node, points: tuple[int, int, int, int]) -> Arrow:
    """Backwards where undoing goes, or went, to the step before."""
    if before.state in _UNDONE:
        x1, y1, x2, y2 = points
        return Arrow("back", (x2, y2, x1, y1))
    return Arrow("gone" if before.state == "done" else "ahead", points)


def _pairs(boxes: Sequence[Box]) -> list[tuple[Box, Box]]:
    return list(itertools.pairwise(boxes))
