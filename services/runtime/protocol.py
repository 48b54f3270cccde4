"""The table of the protocol: what arrives at a step document, and which cell it meets.

Pure: document and arrival in, document and what to do next out. The rows and columns are those
of docs/protocol.md; what a cell does is in doing.py, undoing.py and timing.py. The table stands
last.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from contracts import poison
from contracts.envelope import Event, Message
from contracts.events import CompensationCompleted, CompensationRequested
from contracts.journey import Journey, rows_of
from contracts.poison import PoisonError
from services.runtime.arrivals import Answered, Arrival
from services.runtime.case import Case, Cell, nothing, say_again
from services.runtime.document import Document
from services.runtime.doing import begin, do_answered, redrive, resume
from services.runtime.part import Part
from services.runtime.timing import clear_watch, speak_for_the_next, time_out
from services.runtime.undoing import (
    block,
    block_and_say,
    redrive_undo,
    resolve,
    say_undone,
    say_undone_if_first,
    try_undo,
    undo,
    undo_answered,
    undo_when_free,
)

IGNORED = "ignored"
AT_OR_AFTER = "undo, at or after"
MOST_BLOCKED_FOR = 32


@dataclass(frozen=True, slots=True)
class Answer:
    """What an arrival leads to: the name of the cell, the document after it, what to do then."""

    cell: str
    document: Document | None
    say: tuple[Message, ...] = ()
    call: bool = False


def meet(
    document: Document | None, arrival: Event | Arrival, part: Part, taken: str | None = None
) -> Answer:
    """The cell for this document and this arrival, and what it leads to.

    `taken` names the key of `holds` that another living saga turned out to hold. Raises
    PoisonError for an event that contradicts what is recorded.
    """
    known = None if document and _is_of_nobody(document, arrival, part) else document
    context = known.context if known else getattr(arrival, "context", None)
    journey = part.journey_of(context) if context else None
    row = row_of(arrival, part, journey) if journey else None
    if row is None and known is None and _may_end_here(arrival):
        row = AT_OR_AFTER
    if journey is None or row is None:
        return Answer(IGNORED, document)
    if known is not None and isinstance(arrival, Event):
        _check_identity(known, arrival)
    state = known.state if known else "absent"
    cell = TABLE[row].get(state)
    if cell is None:
        return Answer(IGNORED, document)
    outcome = cell(Case(known, arrival, part, journey, part.now(), taken))
    after = outcome.document
    if after is not None and document is not None and known is None:
        others = (document.context.tenant_id, *document.blocked_for)
        also = others if after.state == "blocked" else ()
        after = replace(after, revision=document.revision, blocked_for=also)
    return Answer(f"{row}, {state}", after, outcome.say, outcome.call)


def row_of(arrival: Event | Arrival, part: Part, journey: Journey) -> str | None:
    """The row of an arrival; None: it says nothing to this step."""
    if isinstance(arrival, Answered):
        return "answer"
    if not isinstance(arrival, Event):
        return arrival.what
    after = journey.after(part.name)
    if arrival.name == part.row(journey).hears:
        return "do"
    if after is not None and arrival.name == after.says:
        return "next"
    if isinstance(arrival.data, CompensationCompleted):
        return "undo, my turn" if after and arrival.data.step == after.name else None
    if isinstance(arrival.data, CompensationRequested):
        return _undo_row(arrival.data.failed_step, part, journey)
    return None


def is_from_next(event: Event, part: Part) -> bool:
    """Whether it is the answer of the step after this one, by the event's own journey."""
    journey = part.journey_of(event.context)
    return journey is not None and row_of(event, part, journey) == "next"


def is_of_undoing(event: Event, part: Part) -> bool:
    """Whether it may ask this step to undo a saga that is probably known here. Whose turn it is
    then follows from the journey of the document, not from the event's, which a person may have
    left out: what asks nothing in any journey need not be looked up."""
    if not isinstance(event.data, CompensationRequested | CompensationCompleted):
        return False
    own = rows_of(part.name, part.journeys.values())
    return _may_end_here(event) or any(_asks(event, part, journey) for journey, _ in own)


def _asks(event: Event, part: Part, journey: Journey) -> bool:
    try:
        return row_of(event, part, journey) is not None
    except PoisonError:  # which it is, if the saga is of that journey
        return True


def _undo_row(failed_step: str | None, part: Part, journey: Journey) -> str | None:
    """R(f) of step k: f = k+1 is my turn, f <= k at or after, any other is for others. A person's
    request names no step, and counts as the one after the last."""
    names = journey.step_names
    if failed_step is not None and failed_step not in names:
        raise PoisonError(poison.UNKNOWN_STEP, f"{journey.label}, which it is in, has no such step")
    failed = len(names) if failed_step is None else names.index(failed_step)
    mine = names.index(part.name)
    if failed == mine + 1:
        return "undo, my turn"
    return AT_OR_AFTER if failed <= mine else None


def _may_end_here(arrival: Event | Arrival) -> bool:
    """A request for the whole saga that does not name the journey: the step may be the last one
    of it, whose turn it is. Of a saga unknown here it blocks, whichever journey it is; what was
    done before it is then undone by the chain, or by the watch of the step before."""
    return (
        isinstance(arrival, Event)
        and isinstance(arrival.data, CompensationRequested)
        and arrival.data.failed_step is None
        and not arrival.names_journey
    )


def _is_of_nobody(document: Document, arrival: Event | Arrival, part: Part) -> bool:
    """An undo of another tenant than the arrival's blocked it, before anybody knew whose saga it
    is. Anybody may ask to undo, so the next one who asks is heard too; the event to do comes
    from the step before, and only its own tenant's undo stands against it."""
    if document.is_answer or not isinstance(arrival, Event):
        return False
    tenant = arrival.context.tenant_id
    others = (document.context.tenant_id, *document.blocked_for)
    if tenant in others or len(others) > MOST_BLOCKED_FOR:
        return False
    journey = part.journey_of(arrival.context)
    row = row_of(arrival, part, journey) if journey else None
    return row is not None or _may_end_here(arrival)


def _check_identity(document: Document, event: Event) -> None:
    if event.context.tenant_id not in (document.context.tenant_id, *document.blocked_for):
        raise PoisonError(poison.TENANT_MISMATCH, "the saga belongs to another tenant")
    trigger = document.trigger
    same = trigger and (trigger.source, trigger.event_id) == (event.source, event.event_id)
    if trigger and same and trigger.digest != event.digest:
        text = "this source and id were heard before with another body"
        raise PoisonError(poison.ID_REUSED, text)


# fmt: off
TABLE: Mapping[str, Mapping[str, Cell]] = {
    "do": {
        "absent": begin,       "pending": resume,
        "done": say_again,     "rejected": say_again,
        "undoing": nothing,    "undone": nothing,    "blocked": nothing,
        "parked": nothing,     "undo_parked": nothing,
    },
    "undo, my turn": {
        "absent": block_and_say, "pending": undo_when_free,
        "done": undo,          "rejected": say_undone,
        "undoing": nothing,    "undone": say_undone, "blocked": say_undone,
        "parked": undo,        "undo_parked": nothing,
    },
    AT_OR_AFTER: {
        "absent": block,       "pending": undo_when_free,
        "done": undo,          "rejected": say_undone_if_first,
        "undoing": nothing,    "undone": say_undone_if_first,
        "blocked": say_undone_if_first,
        "parked": undo,        "undo_parked": nothing,
    },
    "deadline": {"pending": time_out, "parked": time_out},
    "watch":    {"done": speak_for_the_next},
    "next":     {"done": clear_watch},
    "try":      {"pending": resume, "undoing": try_undo},
    "answer":   {"pending": do_answered, "undoing": undo_answered},
    "redrive":  {"parked": redrive, "undo_parked": redrive_undo},
    "resolve":  {"undo_parked": resolve},
}
# fmt: on
