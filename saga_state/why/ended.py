"""Why a saga ended as it did, and what of it may be left."""

from contracts.step_document import StepDocument
from saga_state.document import Failure, Saga
from saga_state.said import TIMEOUT
from saga_state.why.cause import PROVEN, Cause, End
from saga_state.why.commands import after_a_no, id_word, tenant_words
from saga_state.why.facts import Case, Letter, Unknown, World
from saga_state.why.seen import Seen, letter_seen
from saga_state.why.words import lasting, moment

_IN_FORCE = ("pending", "done", "undoing", "parked", "undo_parked")


def why_ended(case: Case, world: World) -> Cause:
    """Its end in one sentence; what a step has left of a saga that was undone comes first. Of a
    saga that has not ended: its journey is not known here."""
    saga = case.saga
    if saga["ended_at"] is None:
        journey = f"{saga['journey']}/{saga['journey_version']}"
        sentence = (
            f"Its journey, {journey}, is not known here: this version of onboarding is older."
        )
        return _end(saga, "unknown_journey", sentence)
    if saga["status"] == "COMPLETED":
        return _end(saga, "completed", f"Nothing is wrong: it completed{_when(saga, world)}.")
    left = left_over(case)
    if left:
        return _left_over(saga, left, world)
    if (failure := saga["failure"]) is not None:
        return _failed(case, failure, world)
    asked = saga["compensation"]
    if asked is None:
        return _end(saga, "undone_on_request", f"It was undone{_when(saga, world)}.")
    who = f"{asked['requested_by']} asked for it: {asked['reason'].rstrip('.')}."
    return _end(saga, "undone_on_request", f"It was undone{_when(saga, world)}: {who}")


def evidence_of_end(case: Case, world: World) -> list[Seen]:
    """How it ended, and what its steps keep of it."""
    saga, documents = case.saga, case.documents
    found = [Seen("ended", f"{saga['status']}{_when(saga, world)}", {"ended_at": saga["ended_at"]})]
    if failure := saga["failure"]:
        told = f"{failure['step']}: {failure['code']}, {moment(failure['at'], world.now)}"
        found.append(Seen("failure", told, {"step": failure["step"], "code": failure["code"]}))
    if isinstance(case.letter, Letter):
        found.append(letter_seen(case.letter))
    if isinstance(documents, Unknown):
        return [*found, Seen("step documents", f"unknown ({documents.reason})")]
    states = {step: one["state"] if one else None for step, one in documents.items()}
    told = ", ".join(f"{step} {state or 'none'}" for step, state in states.items())
    return [*found, Seen("step documents", told, states)] if states else found


def left_over(case: Case) -> dict[str, StepDocument]:
    """Steps that still hold something of a saga that reads as undone (W6)."""
    documents = case.documents
    if isinstance(documents, Unknown) or case.saga["status"] == "COMPLETED":
        return {}
    return {step: one for step, one in documents.items() if one and one["state"] in _IN_FORCE}


def _left_over(saga: Saga, left: dict[str, StepDocument], world: World) -> Cause:
    step, one = next(iter(left.items()))
    found = world.service(step).processes
    lives = not isinstance(found, Unknown) and any(process.alive for process in found)
    then = "it is at it" if lives else "start it, and it undoes what it did"
    watch = f"onboarding watch {id_word(saga)}{tenant_words(saga)}"
    command = watch if lives else f"python -m services.{step}"
    sentence = (
        f"It reads {saga['status']}, but {step} still has it as {one['state']}, so what {step} did "
        f"may be in force: {then}."
    )
    return Cause("left_over", PROVEN, step, sentence, command, command)


def _failed(case: Case, failure: Failure, world: World) -> Cause:
    saga, step, code = case.saga, failure["step"], failure["code"]
    undone = " What was done before is undone." if saga["status"] == "COMPENSATED" else ""
    outside, reason = world.outside.get(step), f"{failure['reason'].rstrip('.')}."
    again = after_a_no(saga, code)
    if outside is not None and outside.code == code:
        sentence = f"The outside system of {step} said no ({code}): {reason}{undone}"
        return Cause("outside_system_refused", PROVEN, step, sentence, again, again)
    if code == TIMEOUT:
        return _timed_out(case, step, undone, again)
    sentence = f"{step} said no ({code}): {reason}{undone}"
    return Cause("said_no", PROVEN, step, sentence, again, again)


def _timed_out(case: Case, step: str, undone: str, again: str) -> Cause:
    if isinstance(case.letter, Letter):
        letter = case.letter
        sentence = (
            f"{step} could not read the event that it had to answer ({letter.error_class}: "
            f"{letter.error}), and its time ran out.{undone}"
        )
        return Cause("poison", PROVEN, step, sentence, f"onboarding dlq show {letter.id}", again)
    sentence = f"{step} did not answer in its time.{undone}"
    return Cause("ran_out_of_time", PROVEN, step, sentence, again, again)


def _end(saga: Saga, name: End, sentence: str) -> Cause:
    command = f"onboarding timeline {id_word(saga)}{tenant_words(saga)}"
    return Cause(name, PROVEN, "", sentence, command, command)


def _when(saga: Saga, world: World) -> str:
    if saga["ended_at"] is None:
        return ""
    took = "" if saga["initiated_at"] is None else _took(saga)
    return f" at {moment(saga['ended_at'], world.now)}{took}"


def _took(saga: Saga) -> str:
    assert saga["ended_at"] is not None
    assert saga["initiated_at"] is not None
    return f", after {lasting(saga['ended_at'] - saga['initiated_at'])}"
