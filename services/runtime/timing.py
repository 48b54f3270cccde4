"""What time alone asks of a step: its own deadline, and its watch on the step after it."""

from dataclasses import replace

from services.runtime import saying
from services.runtime.case import Case, Outcome, nothing, spoken
from services.runtime.undoing import start_undo


def time_out(case: Case) -> Outcome:
    """The step's own deadline: one update, undo and say so (V1); while a call runs, say so now."""
    one, said = case.known, saying.timed_out(case.voice, case.journey)
    if one.deadline_at is None:
        return nothing(case)
    late = one.saying(*said, deadline_at=None, deadline_spoke=True)
    if case.is_called:
        return spoken(replace(late, undo_wanted=True))
    undoing = start_undo(case, late)
    return replace(undoing, say=undoing.document.outbox if undoing.document else ())


def speak_for_the_next(case: Case) -> Outcome:
    """The watch fired: the next step is silent, and is failed in its name, once."""
    one, after = case.known, case.journey.after(case.part.name)
    if one.watch_at is None or after is None:
        return nothing(case)
    said = saying.spoken_for(case.voice, after.name)
    return spoken(one.saying(*said, watch_at=None))


def clear_watch(case: Case) -> Outcome:
    one = case.known
    return Outcome(one if one.watch_at is None else replace(one, watch_at=None))
