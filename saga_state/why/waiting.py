"""The causes that pass by themselves: unanswered calls, tries to come, time that is left."""

import re
from datetime import timedelta

from contracts.step_document import StepDocument
from saga_state.why.cause import LIKELY, POSSIBLE, PROVEN, Cause, watch_it
from saga_state.why.facts import Unknown
from saga_state.why.view import View
from saga_state.why.words import counted, lasting, moment, work

SLOW = timedelta(seconds=5)  # a call that takes longer is worth a word
MANY_TRIES = 4
OVERDUE = timedelta(seconds=5)  # a try that is so late is not made by anybody
GONE = "HTTP 410"
_PASSES = re.compile(r"HTTP (408|425|429|5\d\d)|[A-Za-z]+")  # an error's name: no answer at all


def outside_slow_or_down(view: View) -> Cause | None:
    """Its calls are not answered, or with errors that pass."""
    one = view.document
    if view.stage == "not heard":
        return _calls_of_others(view)
    if view.stage != "at it" or one is None or not one.get("outer"):
        return None
    answer, out = one.get("last_answer"), called_for(view, one)
    if answer is not None:
        return _failing(view, one, answer) if _PASSES.fullmatch(answer) else None
    if out is not None and out >= min(SLOW, timedelta(seconds=view.world.call_seconds / 2)):
        return _outside(view, PROVEN, f"its call has waited for an answer for {lasting(out)}")
    return None


def waiting_for_retry(view: View) -> Cause | None:
    """A try failed, and the next one has its time."""
    one, now = view.document, view.world.now
    if view.stage != "at it" or one is None or one.get("lease"):
        return None
    answer, try_at = one.get("last_answer"), one.get("try_at")
    if try_at is None or answer == GONE or try_at <= now - OVERDUE:
        return None
    after = f" after {answer}" if answer else ""
    comes = "comes at" if try_at > now else "was due at"
    sentence = (
        f"{view.acts} waits{after} before it tries again to {work(view)}: "
        f"try {one['attempts'] + 1} {comes} {moment(try_at, now)}."
    )
    return Cause("waiting_for_retry", PROVEN, view.acts, sentence, *watch_it(view))


def waiting_for_deadline(view: View) -> Cause:
    """What is left where nothing is wrong: the step has time."""
    step, now, due, one = view.acts, view.world.now, view.due_at, view.document
    if one is not None and one.get("last_answer") == GONE and due:
        sentence = (
            f"The outside system of {step} says that it was undone there before ({GONE}): "
            f"the deadline of {step} decides, at {moment(due, now)}."
        )
        return Cause("waiting_for_deadline", PROVEN, step, sentence, *watch_it(view))
    weight = LIKELY if view.is_fresh or view.stage == "at it" else POSSIBLE
    if due is None:
        sentence = f"Nothing is wrong yet: {step} is about to {work(view)}."
    elif due > now:
        sentence = f"Nothing is wrong yet: {step} has until {moment(due, now)} to {work(view)}."
    else:
        weight = POSSIBLE
        sentence = f"{step} is overdue since {moment(due, now)}: {_who_gives_up(view)}."
    tell = "whether it goes on by itself within a minute"
    return Cause("waiting_for_deadline", weight, step, sentence, *watch_it(view), tell)


def called_for(view: View, one: StepDocument) -> timedelta | None:
    """How long the call that is out has waited; None: none is out. A lease is twice the longest
    call and 5 s (services/runtime/service.py)."""
    try_at = one.get("try_at")
    if not one.get("lease") or try_at is None or try_at <= view.world.now:
        return None
    began = try_at - timedelta(seconds=view.world.call_seconds * 2 + 5)
    return view.world.now - max(began, one["decided_at"])


def _failing(view: View, one: StepDocument, answer: str) -> Cause:
    calls, outside = view.service.calls, view.world.outside.get(view.acts)
    others = not isinstance(calls, Unknown) and calls.failing >= 2
    unreached = outside is not None and outside.reached is False
    sure = others or unreached or one["attempts"] >= MANY_TRIES
    tries = counted(one["attempts"], "try", "tries")
    return _outside(view, PROVEN if sure else LIKELY, f"after {tries} for this saga: {answer}")


def _calls_of_others(view: View) -> Cause | None:
    """It takes no more than it can call for: the rest waits in the log (T3)."""
    calls = view.service.calls
    if isinstance(calls, Unknown) or not calls.failing or not view.before:
        return None
    sagas = counted(calls.failing, "saga that it took before waits", "sagas before this one wait")
    return _outside(view, LIKELY, f"{sagas} for another try")


def _outside(view: View, weight: int, told: str) -> Cause:
    outside = view.world.outside.get(view.acts)
    gone = ", and its address takes no connection" if outside and outside.reached is False else ""
    sentence = (
        f"The outside system of {view.acts} is slow or down ({told}{gone}): "
        "it is asked again until it answers or the time is over."
    )
    tell = f"that other sagas of {view.acts} wait for it too: `onboarding why --all`"
    return Cause("outside_system_slow_or_down", weight, view.acts, sentence, *watch_it(view), tell)


def _who_gives_up(view: View) -> str:
    if (watch := view.watch) is not None:
        return f"{watch[0]}, which watches it, gives it up if it is silent and not merely behind"
    return "nobody watches it, so the saga waits until it answers"
