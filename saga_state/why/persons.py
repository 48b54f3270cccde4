"""The causes that wait for a person: what a bug set aside, and what could not be read."""

import re

from saga_state.why.cause import LIKELY, POSSIBLE, PROVEN, Cause, Name, watch_it
from saga_state.why.commands import id_word
from saga_state.why.facts import Letter, Unknown
from saga_state.why.view import View

_OURS = ("TENANT_UNKNOWN", "UNKNOWN_TYPE", "UNKNOWN_JOURNEY", "UNKNOWN_STEP", "TOO_LARGE", "BUG")
_REFUSES_US = re.compile(r"HTTP (401|403|407)")


def parked(view: View) -> Cause | None:
    """A bug set the step aside; of a call it may be that the other side does not let us in."""
    if view.stage != "set aside" or view.undoing:
        return None
    step, where = view.acts, _where(view)
    if _REFUSES_US.fullmatch(where):
        sentence = (
            f"The outside system of {step} refuses us ({where}), so the step is parked: "
            f"mend ONBOARDING_{step.upper()}_API_KEY, then redrive it."
        )
        return _to_redrive(view, "outside_system_refused", sentence)
    sentence = f"{step} is parked: it met a bug ({where}), and waits for a person to redrive it."
    return _to_redrive(view, "parked", sentence)


def undo_parked(view: View) -> Cause | None:
    """An undo met a bug, or its hours are over."""
    if view.stage != "set aside" or not view.undoing:
        return None
    step, saga = view.acts, id_word(view.case.saga)
    resolve = f"onboarding resolve {saga} --step {step}{view.tenant} --reason '...'"
    sentence = (
        f"The undo of {step} is parked ({_where(view)}), and what {step} did may be in force: "
        f"mend the cause and redrive it, or undo it by hand and run `{resolve}`."
    )
    return _to_redrive(view, "undo_parked", sentence)


def poison(view: View) -> Cause | None:
    """The event that the step must answer is a dead letter of it."""
    letter, trigger = view.case.letter, view.trigger
    if view.stage != "not heard" or trigger is None or letter is None:
        return None
    if isinstance(letter, Unknown):
        return _may_be_poison(view, trigger.event)
    error = f"{letter.error_class}: {letter.error}"
    if letter.mark:
        return _dealt_with(view, trigger.event, letter)
    step = view.acts
    sentence = (
        f"{step} could not read {trigger.event} and set it aside as a dead letter ({error}): "
        "mend what it says, then send it again."
    )
    return Cause("poison", PROVEN, step, sentence, *to_mend(step, letter))


def to_mend(step: str, letter: Letter) -> tuple[str, str]:
    """What a dead letter needs: what our settings or versions did not let in is sent again as it
    is; else its value must be mended first."""
    chosen = f"--service {step} --class {letter.error_class}"
    if letter.error_class not in _OURS:
        edit = f"onboarding dlq edit {letter.id} --to value.json"
        return edit, f"onboarding dlq list --each {chosen}"
    redrive = "onboarding dlq redrive {} --reason '...'"
    return redrive.format(f"--id {letter.id}"), redrive.format(chosen)


def _may_be_poison(view: View, event: str) -> Cause:
    step = view.acts
    return Cause(
        "poison", POSSIBLE, step,
        f"{step} has read past {event}, and may have set it aside as unreadable.",
        f"onboarding dlq list --each --saga {id_word(view.case.saga)}",
        f"onboarding dlq list --service {step}",
        "a dead letter of that event in `onboarding dlq list --each`",
    )  # fmt: skip


def _dealt_with(view: View, event: str, letter: Letter) -> Cause:
    step, shown = view.acts, f"onboarding dlq show {letter.id}"
    if letter.mark == "redriven":
        sentence = (
            f"{step} could not read {event}; its dead letter was redriven, and is on its way."
        )
        tell = f"`{shown}` says who redrove it, and when"
        return Cause("poison", LIKELY, step, sentence, *watch_it(view), tell)
    sentence = (
        f"{step} could not read {event} ({letter.error_class}: {letter.error}), and its dead "
        "letter was discarded: nobody will answer it any more."
    )
    return Cause(
        "poison", PROVEN, step, sentence,
        f"onboarding compensate {id_word(view.case.saga)}{view.tenant} --reason '...'", shown,
    )  # fmt: skip


def _where(view: View) -> str:
    refusal = view.document.get("refusal") if view.document else None
    return refusal["reason"] if refusal else "no place is told"


def _to_redrive(view: View, name: Name, sentence: str) -> Cause:
    kind = "UNDO_PARKED" if view.undoing else "PARKED"
    return Cause(
        name, PROVEN, view.acts, sentence,
        f"onboarding dlq redrive --saga {id_word(view.case.saga)} --reason '...'",
        f"onboarding dlq redrive --service {view.acts} --class {kind} --reason '...'",
    )  # fmt: skip
