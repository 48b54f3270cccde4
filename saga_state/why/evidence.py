"""The evidence: what was seen of a saga that waits, each in words and as fields for programs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from contracts.step_document import StepDocument
from contracts.topics import group
from saga_state.why.facts import Service, Unknown
from saga_state.why.seen import Seen, letter_seen, processes_seen
from saga_state.why.services import PROJECTION
from saga_state.why.view import View
from saga_state.why.waiting import called_for
from saga_state.why.words import counted, lasting, moment


def evidence_of(view: View) -> list[Seen]:
    """All there is, in the order in which a person asks; what does not apply is left out."""
    found = (
        _waits(view), _event(view), _group(view), _document(view), _letter(view), _retry(view),
        _calls(view), _deadline(view), _watch(view), *_processes(view), _undoing(view), _odd(view),
        *_projection(view), _servers(view),
    )  # fmt: skip
    return [one for one in found if one is not None]


def _waits(view: View) -> Seen:
    to_do = "undo" if view.undoing else "do"
    told = f"{view.acts} to {to_do} its work, for {lasting(view.waited)}"
    return Seen("waits for", told, {"step": view.acts, "to": to_do, "since": _since(view)})


def _since(view: View) -> Any:
    return view.trigger.at if view.trigger else view.case.saga["updated_at"]


def _event(view: View) -> Seen:
    one = view.trigger
    if one is None:
        return Seen("event", "none that the projection knows of")
    told = f"{one.event} at {one}, {moment(one.at, view.world.now)}"
    return Seen("event", told, {
        "event": one.event, "topic": one.topic, "partition": one.partition, "offset": one.offset,
    })  # fmt: skip


def _group(view: View) -> Seen | None:
    one, stands = view.trigger, view.service.stands
    name = group(view.acts, view.world.prefix)
    if one is None:
        return None
    if isinstance(stands, Unknown):
        return Seen("group", f"{name}: unknown ({stands.reason})", {"group": name})
    at, ends = stands.get(one.place), view.world.ends
    end = None if isinstance(ends, Unknown) else ends.get(one.place)
    lag = None if end is None else max(0, end - (at or 0))
    where = f"stands at {at}" if at is not None else "has committed nothing"
    told = f"{name} {where} there, the log ends at {'?' if end is None else end}"
    told += "" if lag is None else f": lag {lag}"
    more = {"group": name, "position": at, "end": end, "lag": lag}
    return Seen("group", f"{told}{_members(view.service)}", more)


def _members(service: Service) -> str:
    found = service.group
    if isinstance(found, Unknown) or found.members is None:
        return ""
    clients = f" ({', '.join(found.clients)})" if found.clients else ""
    return f"; {found.state}, {counted(found.members, 'member', 'members')}{clients}"


def _document(view: View) -> Seen:
    documents, one = view.case.documents, view.document
    if isinstance(documents, Unknown):
        return Seen("step document", f"unknown ({documents.reason})")
    if one is None:
        return Seen("step document", f"{view.acts} keeps none of this saga", {"state": None})
    unsent = max(0, one["said"] - one["sent"]) if view.stage == "answered" else 0
    told = _since_when(one, view.world.now)
    told += f", {counted(unsent, 'message', 'messages')} not known to be sent" if unsent else ""
    refusal = one.get("refusal")
    told += f", {refusal['code']}: {refusal['reason']}" if refusal else ""
    return Seen("step document", told, {
        "state": one["state"], "decided_at": one["decided_at"], "unsent": unsent,
        "refusal": dict(refusal) if refusal else None,
    })  # fmt: skip


def _since_when(one: StepDocument, now: datetime) -> str:
    """An undo does not change when it was decided what is undone."""
    state = one["state"]
    if state in ("undoing", "undo_parked"):
        return state
    return f"{state}, {'taken' if state == 'pending' else 'since'} {moment(one['decided_at'], now)}"


def _letter(view: View) -> Seen | None:
    letter = view.case.letter
    if letter is None:
        return None
    if isinstance(letter, Unknown):
        return Seen("dead letter", f"unknown ({letter.reason})")
    return letter_seen(letter)


def _retry(view: View) -> Seen | None:
    one, now = view.document, view.world.now
    if one is None or one["state"] not in ("pending", "undoing"):
        return None
    out, try_at, answer = called_for(view, one), one.get("try_at"), one.get("last_answer")
    told = counted(one["attempts"], "try", "tries")
    told += f", the last one came to {answer}" if answer else ""
    if out is not None:
        told += f"; a call is out, for {lasting(out)}"
    elif try_at is not None:
        comes = "comes" if try_at > now else "was due"
        told += f"; the next {comes} {moment(try_at, now)}"
    if over := one.get("give_up_at"):
        told += f"; it is parked after {moment(over, now)}"
    return Seen("retries", told, {
        "attempts": one["attempts"], "last_answer": answer, "next_at": try_at,
        "calling": out is not None, "give_up_at": over,
    })  # fmt: skip


def _calls(view: View) -> Seen | None:
    """What the step is at beside this saga."""
    calls = view.service.calls
    if isinstance(calls, Unknown) or not calls.failing:
        return None
    sagas = counted(calls.looked_at, "saga", "sagas")
    told = f"{calls.failing:,} of {sagas} that {view.acts} is at will be tried again"
    return Seen("calls", told, {"looked_at": calls.looked_at, "failing": calls.failing})


def _deadline(view: View) -> Seen | None:
    due = view.due_at
    if due is None:
        return None
    own = view.document is not None and view.document.get("deadline_at") is not None
    whose = "its own" if own else "as the step before it expects"
    told = f"{moment(due, view.world.now)} ({whose})"
    return Seen("deadline", told, {"deadline_at": due})


def _watch(view: View) -> Seen | None:
    if (watch := view.watch) is None:
        return None
    told = f"{watch[0]} doubts it from {moment(watch[1], view.world.now)}"
    return Seen("watch", told, {"by": watch[0], "watch_at": watch[1]})


def _processes(view: View) -> list[Seen]:
    place = view.trigger.place if view.trigger else None
    return processes_seen(view.service, view.world.now, place)


def _undoing(view: View) -> Seen | None:
    saga = view.case.saga
    failure, asked = saga["failure"], saga["compensation"]
    if failure is not None:
        told = f"{failure['step']} said {failure['code']}: {failure['reason']}"
        return Seen("undone because", told, {"step": failure["step"], "code": failure["code"]})
    if asked is None:
        return None
    told = f"{asked['requested_by']} asked for it: {asked['reason']}"
    return Seen("undone because", told, {"requested_by": asked["requested_by"]})


def _odd(view: View) -> Seen | None:
    if not view.case.saga["never_started"]:
        return None
    return Seen("odd", "its PartnerOnboardingInitiated was not seen", {"never_started": True})


def _projection(view: View) -> Sequence[Seen]:
    """Only if it may be what is behind."""
    if view.stage != "answered":
        return ()
    return processes_seen(view.world.service(PROJECTION), view.world.now)


def _servers(view: View) -> Seen | None:
    if view.world.kafka is None:
        return None
    return Seen("broker", view.world.kafka, {"answers": False})
