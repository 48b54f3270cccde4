"""The causes that lie with processes and partitions: nobody reads the event, or not yet."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from contracts.topics import group
from saga_state.why.cause import LIKELY, POSSIBLE, PROVEN, Cause, watch_it
from saga_state.why.commands import GROUPS_TOOL
from saga_state.why.facts import Process, Service, Unknown
from saga_state.why.servers import is_surely_dead
from saga_state.why.view import View
from saga_state.why.words import counted, lasting, moment, work

_STALE = "the saga is further than its status says"
STORM = 4  # rebalances within a minute that no rolling restart makes
PROJECTION = "saga-state"
_IN_A_REBALANCE = ("PreparingRebalance", "CompletingRebalance")


def service_not_running(view: View) -> Cause | None:
    """No process of it lives."""
    if view.stage == "set aside":
        return None
    return not_running(view.service, view.world.now, f"this saga waits for it to {work(view)}")


def not_running(service: Service, now: datetime, so: str) -> Cause | None:
    """The same of any service; `so`: what follows."""
    if isinstance(service.processes, Unknown) or any(one.alive for one in service.processes):
        return None
    if any(page.answers for page in service.pages or ()):
        return None
    members = None if isinstance(service.group, Unknown) else service.group.members
    sure = is_surely_dead(service) or members == 0
    weight = PROVEN if sure else LIKELY if not members else POSSIBLE
    last = max((one.seen_at for one in service.processes), default=None)
    sign = f"; the last sign of life was {moment(last, now)}" if last else ""
    start = f"python -m {_module(service.name)}"
    sentence = f"{service.name} is not running, and {so}: no process of it is alive{sign}."
    tell = "whether its process is there, and what its log says (`server.away`)"
    return Cause("service_not_running", weight, service.name, sentence, start, start, tell)


def partition_without_owner(view: View) -> Cause | None:
    """Its processes live, and none of them reads where the event stands."""
    trigger, living = view.trigger, view.living
    if view.stage != "not heard" or trigger is None or not living or view.before == 0:
        return None
    most = max(one.rebalances for one in living)
    if most >= STORM or _rebalances(view.service):
        return _storm(view, most)
    if view.owners:
        return None
    joined, strangers = all(one.joined for one in living), _strangers(view.service, living)
    weight = PROVEN if joined and (strangers or not view.is_fresh) else LIKELY
    read = f"{trigger.topic}/{trigger.partition}"
    why = _who_else(strangers) if joined else "it has not joined its group yet"
    sentence = f"No living process of {view.acts} reads {read}, where its event stands: {why}."
    tell = f"the members of {group(view.acts, view.world.prefix)}, and what each of them reads"
    return Cause("partition_without_owner", weight, view.acts, sentence, *_members(view), tell)


def service_behind(view: View) -> Cause | None:
    """It reads, and has not come to this event."""
    before, trigger = view.before, view.trigger
    if view.stage != "not heard" or not before or trigger is None or not view.owners:
        return None
    rate = _rate(view)
    queue = f"{counted(before, 'record', 'records')} up to this saga's"
    if rate:
        sentence = (
            f"{view.acts} is behind: {queue}, and it does {rate:.2g} a second in that partition: "
            f"about {lasting(timedelta(seconds=before / rate))} from now."
        )
    else:
        sentence = (
            f"{view.acts} is behind: {queue}, and it has answered none in that partition since it "
            "was said: no estimate."
        )
    weight = POSSIBLE if view.is_fresh and before < 10 else PROVEN if rate else LIKELY
    tell = f"whether the position of {group(view.acts, view.world.prefix)} moves"
    return Cause("service_behind", weight, view.acts, sentence, *_more_workers(view), tell)


def projection_behind(view: View) -> Cause | None:
    """The step has answered, and the saga does not show it: what is told here is old."""
    if view.stage != "answered" or view.document is None:
        return None
    projection = view.world.service(PROJECTION)
    if dead := not_running(projection, view.world.now, _STALE):
        return dead
    if view.document["sent"] < view.document["said"]:
        return None
    sentence = f"{view.acts} has answered already, and {PROJECTION} has not read it yet: {_STALE}."
    command = "python -m saga_state"
    tell = f"whether the position of {group(PROJECTION, view.world.prefix)} moves"
    weight = LIKELY if not isinstance(projection.processes, Unknown) else POSSIBLE
    return Cause("service_behind", weight, PROJECTION, sentence, command, command, tell)


def _rebalances(service: Service) -> bool:
    return not isinstance(service.group, Unknown) and service.group.state in _IN_A_REBALANCE


def _storm(view: View, rebalances: int) -> Cause:
    count = f"{rebalances} times within the last minute" if rebalances else "right now"
    sentence = (
        f"The group of {view.acts} is in a storm of rebalances: its partitions changed hands "
        f"{count}, so nobody reads for long. Some process comes and goes."
    )
    weight = PROVEN if rebalances >= STORM else POSSIBLE if view.is_fresh else LIKELY
    tell = f"which process of {view.acts} starts again and again: its log says why"
    return Cause("partition_without_owner", weight, view.acts, sentence, *_members(view), tell)


def _strangers(service: Service, living: Sequence[Process]) -> int:
    """How many members of its group are no process that lives; 0 where the broker does not tell."""
    members = None if isinstance(service.group, Unknown) else service.group.members
    return max(0, (members or 0) - len(living))


def _who_else(strangers: int) -> str:
    if not strangers:
        return "another member of its group has it, or nobody"
    whose = counted(strangers, "member that is no", "members that are no")
    return f"its group has {whose} process of this system"


def _members(view: View) -> tuple[str, str]:
    name = group(view.acts, view.world.prefix)
    tool = f"{GROUPS_TOOL} --describe --members --verbose --group {name}"
    return tool, tool


def _more_workers(view: View) -> tuple[str, str]:
    """One more, for as long as there are partitions for it."""
    places = {place for one in view.living for place in one.partitions}
    topic = view.trigger.topic if view.trigger else ""
    shared = sum(one == topic for one, _ in places)
    if len(view.living) >= shared:
        return watch_it(view)
    more = f"python -m {_module(view.acts)}"
    return more, more


def _rate(view: View) -> float:
    """Records a second that it answered in the event's partition: the same keys are in the
    partition of the same number of what it says."""
    rates, trigger = view.world.rates, view.trigger
    if isinstance(rates, Unknown) or trigger is None or view.says is None or view.undoing:
        return 0.0  # every step says its undo on one topic
    return rates.get((view.says, trigger.partition), 0.0)


def _module(service: str) -> str:
    return "saga_state" if service == PROJECTION else f"services.{service}"
