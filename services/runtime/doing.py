"""Doing a step: the cells from the event that asks for it to the answer that is said."""

import traceback
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from contracts import poison
from contracts.envelope import Message
from services.runtime import saying
from services.runtime.case import Case, Outcome, answer_of, call, emptied, nothing, spoken
from services.runtime.document import Document, Refusal, Trigger
from services.runtime.part import TRIES_OF_A_BUG
from services.runtime.step import Effects, Rejected
from services.runtime.undoing import say_nothing_to_undo, start_undo


def begin(case: Case) -> Outcome:
    """The event came for the first time: decide, or note the intent and call."""
    event, part = case.event, case.part
    if case.taken is not None:
        return _no(_taken(case), case, part.service.taken[case.taken])
    try:
        effects = Effects(now=case.now, context=event.context, rules=part.rules)
        outcome = part.service.handler(event.data, effects)
        if isinstance(outcome, Rejected):
            return _no(_taken(case), case, outcome)
        plan = saying.progress(case.voice, case.journey, outcome)
        kept: dict[str, Any] = {"result": outcome.result, "holds": outcome.holds}
        if part.outside:
            return _claim(case, replace(_taken(case), plan=plan, **kept))
        return _yes(case, _taken(case), plan, **kept)
    except Exception as error:  # a bug is set aside with its saga; nobody else waits for it
        return _park(case, replace(_taken(case), record=event.record), _place(error))


def resume(case: Case) -> Outcome:
    """Try again, if a try is due and nobody is calling; what nobody tells is asked anew."""
    one = case.known
    if one.try_at is None or one.try_at > case.now:
        return nothing(case)
    if one.undo_wanted:
        return start_undo(case, one)
    if one.plan:
        return _claim(case, one)
    return begin(case) if case.is_event else nothing(case)


def do_answered(case: Case) -> Outcome:
    one, told = case.known, answer_of(case)
    if told is None:
        return nothing(case)
    freed = replace(one, lease=None, try_at=None, last_answer=told.where or None)
    if isinstance(told.answer, Rejected):
        if one.deadline_spoke:  # its failure was said already
            return say_nothing_to_undo(case, emptied(case, freed, "blocked"))
        return _no(freed, case, told.answer)
    if one.undo_wanted:  # whatever became of it, it is to be undone
        return start_undo(case, freed)
    if told.answer == "yes":
        return _yes(case, freed, saying.said_now(freed.plan, case.now), last_answer=None)
    if told.answer == "bug" and one.attempts >= TRIES_OF_A_BUG:
        return _park(case, freed, told.where)
    return Outcome(replace(freed, try_at=case.part.next_try_at(case.now, one.attempts)))


def redrive(case: Case) -> Outcome:
    """New attempts for a parked step; its old deadline goes on."""
    again = replace(case.known, state="pending", refusal=None, attempts=0, try_at=case.now)
    return Outcome(again)


def _taken(case: Case) -> Document:
    """The document as it is before anything is decided; it may have been parked by a bug."""
    if case.document is not None:
        tries = case.document.attempts + 1
        return replace(case.document, refusal=None, lease=None, try_at=None, attempts=tries)
    event, seconds = case.event, case.part.seconds_for(case.part.row(case.journey))
    deadline_at = case.now + timedelta(seconds=seconds)
    return Document(event.context, "pending", case.now, Trigger.of(event), deadline_at=deadline_at)


def _claim(case: Case, one: Document) -> Outcome:
    attempts = one.attempts + 1 if one.try_at else one.attempts
    return call(case, replace(one, outer=True, attempts=attempts))


def _yes(case: Case, one: Document, said: Sequence[Message], **kept: Any) -> Outcome:
    watched = case.part.watched(case.journey)
    done = one.saying(
        *said,
        **kept,
        state="done",
        decided_at=case.now,
        plan=(),
        record=None,
        deadline_at=None,
        watch_at=None if watched is None else case.now + timedelta(seconds=watched),
    )
    return spoken(done)


def _no(one: Document, case: Case, no: Rejected) -> Outcome:
    empty = emptied(case, one, "rejected")
    refused = replace(empty, refusal=Refusal(no.code, no.reason))
    return spoken(refused.saying(*saying.failure(case.voice, case.journey, no)))


def _park(case: Case, one: Document, where: str) -> Outcome:
    """Says so, and sends a copy of the record, if the bug came before there was a plan."""
    told = [saying.parked(case.voice, one, "parked", where)]
    if one.record:
        told.insert(0, saying.set_aside(one.record, case.part, where, one.attempts))
    refusal = Refusal(poison.BUG, where)
    parked = replace(one, state="parked", refusal=refusal, last_answer=None, decided_at=case.now)
    return spoken(parked.saying(*told))


def _place(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
