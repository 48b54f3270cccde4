"""The causes that lie with the servers: what does not answer, or does not have what it should."""

from collections.abc import Sequence

from contracts.topics import group
from saga_state.why.cause import LIKELY, POSSIBLE, PROVEN, Cause
from saga_state.why.commands import GROUPS_TOOL
from saga_state.why.facts import Page, Process, Service, Unknown
from saga_state.why.view import View
from saga_state.why.words import counted

DOCTOR = ("onboarding doctor", "onboarding doctor")


def topic_missing(view: View) -> Cause | None:
    """The one in which the event stands, or that of the answer."""
    missing = _missing(view)
    if not missing:
        return None
    names = ", ".join(missing)
    sentence = (
        f"{_topics(missing)} missing on the broker: {names}. Once made, its hearers see it "
        "within five minutes, or when they are started again."
    )
    create = "onboarding topics create"
    return Cause("topic_missing", PROVEN, view.acts, sentence, create, create)


def topic_made_anew(view: View) -> Cause | None:
    """Its group has read further than the log goes (services/runtime/log_ends.py)."""
    stands, ends, trigger = view.service.stands, view.world.ends, view.trigger
    if isinstance(stands, Unknown) or isinstance(ends, Unknown) or trigger is None:
        return None
    at, end = stands.get(trigger.place, 0), ends.get(trigger.place)
    if end is None or at <= end or at <= trigger.offset + 1:
        return None
    name, topic = group(view.acts, view.world.prefix), trigger.topic
    to_earliest = f"--reset-offsets --to-earliest --group {name} --topic {topic} --execute"
    sentence = (
        f"{name} has read {topic}/{trigger.partition} up to {at}, but that log ends at {end}: the "
        f"topic was made anew. Stop all of {view.acts}, then reset its group, in every partition "
        "of that topic: what it has answered already it knows again."
    )
    reset = f"{GROUPS_TOOL} {to_earliest}"
    return Cause("topic_made_anew", PROVEN, view.acts, sentence, reset, reset)


def broker_unreachable(view: View) -> Cause | None:
    """Kafka does not answer, or the service alone cannot reach it."""
    waiting = _waiting_for("kafka", view.service)
    if view.world.kafka is not None:
        moves_on = view.stage in ("at it", "set aside")
        also = f", nor for {view.acts} ({waiting})" if waiting else ""
        sentence = f"The broker does not answer from here ({view.world.kafka}){also}."
        weight = LIKELY if moves_on and not waiting else PROVEN
        return Cause("broker_unreachable", weight, view.acts, sentence, *DOCTOR, _LOG)
    if waiting:
        sentence = f"{view.acts} does not reach the broker ({waiting}); from here it answers."
        return Cause("broker_unreachable", PROVEN, view.acts, sentence, *DOCTOR, _LOG)
    return None


def group_without_members(view: View) -> Cause | None:
    """It says that it lives, and the broker knows of no member."""
    found = view.service.group
    if isinstance(found, Unknown) or found.members != 0 or not view.living:
        return None
    if _waiting_for("kafka", view.service):
        return None
    sentence = (
        f"{view.acts} lives, but its group has no member: it does not reach the broker, or has "
        "only just started."
    )
    return Cause("group_without_members", LIKELY, view.acts, sentence, *DOCTOR, _LOG)


def database_unreachable(view: View) -> Cause | None:
    """The service lives and cannot reach MongoDB: so it cannot say of itself that it lives."""
    step, service = view.acts, view.service
    if waiting := _waiting_for("mongo", service):
        sentence = f"{step} does not reach its database ({waiting}); from here it answers."
        return Cause("database_unreachable", PROVEN, step, sentence, *DOCTOR)
    if view.living or isinstance(service.processes, Unknown) or is_surely_dead(service):
        return None
    members = None if isinstance(service.group, Unknown) else service.group.members
    if members:
        sentence = (
            f"{step} is in its group ({counted(members, 'member', 'members')}), but no process of "
            "it has written its record: it does not reach its database."
        )
        return Cause("database_unreachable", LIKELY, step, sentence, *DOCTOR, _LOG)
    if members == 0:
        return None
    sentence = f"{step} may be running, and not reach its database to say so."
    return Cause("database_unreachable", POSSIBLE, step, sentence, *DOCTOR, _LOG)


def is_surely_dead(service: Service) -> bool:
    """On this machine it should be seen."""
    return service.pages is not None and not any(page.answers for page in service.pages)


def _missing(view: View) -> Sequence[str]:
    """Of the topics that this saga needs now."""
    missing = view.world.missing_topics
    needed = (view.trigger.topic if view.trigger else None, view.says)
    return () if isinstance(missing, Unknown) else [one for one in missing if one in needed]


def _topics(missing: Sequence[str]) -> str:
    return "A topic is" if len(missing) == 1 else "Topics are"


def _waiting_for(server: str, service: Service) -> str | None:
    """What a process of it says of a server that does not answer it, and which process."""
    processes = () if isinstance(service.processes, Unknown) else service.processes
    told: list[tuple[str, Process | Page]] = [(one.instance, one) for one in processes if one.alive]
    told += [(page.process, page) for page in service.pages or () if page.answers]
    found = [(name, one.waiting_for[server]) for name, one in told if server in one.waiting_for]
    return f"{found[-1][0]} waits for {server}: {found[-1][1]}" if found else None


_LOG = "what the log of its process says (`server.away`), and its /readyz"
