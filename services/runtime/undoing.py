"""Undoing a step: blocking what has not come yet, undoing what was done, saying so."""

from dataclasses import replace
from datetime import timedelta

from contracts import poison
from contracts.events import UndoOutcome
from services.runtime import saying
from services.runtime.case import Case, Outcome, answer_of, call, emptied, nothing, spoken
from services.runtime.document import Document, Refusal
from services.runtime.part import TRIES_OF_A_BUG

UNDO_IS_OVER = "no answer in the time that an undo has"


def block_and_say(case: Case) -> Outcome:
    """The undo came first: a later do finds the document, and is refused."""
    return say_nothing_to_undo(case, _blocked(case))


def block(case: Case) -> Outcome:
    """The same for a step at or after the failed one: only the first one's word is waited for."""
    if case.journey.before(case.part.name) is None:
        return block_and_say(case)
    return Outcome(_blocked(case))


def undo(case: Case) -> Outcome:
    return start_undo(case, case.known)


def undo_when_free(case: Case) -> Outcome:
    """While a call runs nobody knows what it does: remember the undo, never take it back (V3)."""
    one = case.known
    if not case.is_called:
        return start_undo(case, one)
    if one.undo_wanted:
        return Outcome(one)
    return Outcome(replace(one, undo_wanted=True, undo_traceparent=_traceparent(case)))


def say_undone(case: Case) -> Outcome:
    """Say that there is nothing to undo (any more): again, or for the first time (V7).

    Nothing else is said again: a request to undo that stands in the same outbox would come back
    here, and be said again, for ever.
    """
    one, topic = case.known, saying.undone(case.voice, "nothing_to_undo").topic
    again = tuple(message for message in one.outbox if message.topic == topic)
    return Outcome(one, again) if again else say_nothing_to_undo(case, one)


def say_undone_if_first(case: Case) -> Outcome:
    """The first step ends the undoing, so somebody may wait for its word (V6)."""
    first = case.journey.before(case.part.name) is None
    return say_undone(case) if first else nothing(case)


def undo_answered(case: Case) -> Outcome:
    one, told = case.known, answer_of(case)
    if told is None:
        return nothing(case)
    freed = replace(one, lease=None, try_at=None, last_answer=told.where or None)
    if told.answer == "yes":
        return _undone(case, freed)
    if _is_over(case):
        return _ended(case, freed, told.where)
    if told.answer == "bug" and one.attempts >= TRIES_OF_A_BUG and not one.resolving:
        return _park_undo(case, freed, told.where or UNDO_IS_OVER)
    try_at = case.part.next_try_at(case.now, one.attempts)
    if one.resolving and one.give_up_at:  # a person waits for it: not a pause longer than needed
        try_at = min(try_at, one.give_up_at)
    return Outcome(replace(freed, try_at=try_at))


def _is_over(case: Case) -> bool:
    give_up_at = case.known.give_up_at
    return give_up_at is not None and case.now >= give_up_at


def _ended(case: Case, freed: Document, where: str = "") -> Outcome:
    """The hours of an undo are over; what a person undid by hand is undone then. Else whoever is
    to mend it wants to know how it failed at last."""
    if freed.resolving:
        return _undone(case, freed)
    return _park_undo(case, freed, f"{UNDO_IS_OVER}; last: {where}" if where else UNDO_IS_OVER)


def try_undo(case: Case) -> Outcome:
    one = case.known
    if one.try_at is None or one.try_at > case.now:
        return nothing(case)
    if not case.part.outside and _is_over(case):  # it was switched off: nobody calls
        return _ended(case, replace(one, lease=None, try_at=None))
    return call(case, replace(one, attempts=one.attempts + 1))


def redrive_undo(case: Case) -> Outcome:
    give_up_at = case.now + timedelta(seconds=case.part.limits.undo)
    again = replace(case.known, state="undoing", refusal=None, attempts=1, give_up_at=give_up_at)
    return call(case, again)


def resolve(case: Case) -> Outcome:
    """A person undid it by hand. First the tombstone, so that no late call can do it again; where
    the platform does not answer, after the longest time that a request can live."""
    give_up_at = case.now + timedelta(seconds=case.part.limits.request_life)
    one = replace(case.known, state="undoing", attempts=1, give_up_at=give_up_at, resolving=True)
    return call(case, one)


def _traceparent(case: Case) -> str | None:
    """Of an undo: of the event that asked for it first, maybe while a call was out."""
    asking = case.event.traceparent if case.is_event else None
    return case.known.undo_traceparent or asking


def _blocked(case: Case) -> Document:
    return Document(case.event.context, "blocked", case.now)


def _park_undo(case: Case, one: Document, where: str) -> Outcome:
    told = saying.parked(case.voice, one, "undo_parked", where)
    parked = replace(
        one,
        state="undo_parked",
        refusal=Refusal(poison.BUG, where),
        last_answer=None,
        give_up_at=None,
    )
    return spoken(parked.saying(told))


def start_undo(case: Case, one: Document) -> Outcome:
    """What was done, or may have been, is undone; with an outside system by a call."""
    if not one.outer:
        return _undone(case, one)
    give_up_at = case.now + timedelta(seconds=case.part.limits.undo)
    undoing = replace(
        one, state="undoing", attempts=1, deadline_at=None, watch_at=None,
        undo_wanted=False, undo_traceparent=_traceparent(case), give_up_at=give_up_at,
        last_answer=None,
    )  # fmt: skip
    return call(case, undoing)


def _undone(case: Case, one: Document) -> Outcome:
    outcome: UndoOutcome = "resolved_by_operator" if one.resolving else "undone"
    empty = emptied(case, one, "undone")
    kept = replace(empty, outbox=saying.without_progress(one, case.part))
    return spoken(kept.saying(saying.undone(case.voice, outcome)))


def say_nothing_to_undo(case: Case, one: Document) -> Outcome:
    return spoken(one.saying(saying.undone(case.voice, "nothing_to_undo")))
