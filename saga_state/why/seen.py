"""One thing that was looked at; and what can be told of letters and processes without a saga."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from saga_state.why.facts import Letter, Place, Process, Service, Unknown
from saga_state.why.words import counted, moment


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that was looked at: `what` it is, what it `told`, and the same as `fields`."""

    what: str
    told: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"what": self.what, "told": self.told, **self.fields}


def letter_seen(letter: Letter) -> Seen:
    """Where it stands, and why."""
    marked = f", {letter.mark}" if letter.mark else ""
    told = f"{letter.place}: {letter.error_class}, {letter.error}{marked}"
    return Seen("dead letter", told, {
        "id": letter.id, "place": letter.place, "class": letter.error_class, "mark": letter.mark,
    })  # fmt: skip


def processes_seen(service: Service, now: datetime, place: Place | None = None) -> list[Seen]:
    """What its processes say of themselves; `place`: where the event stands."""
    found = service.processes
    if isinstance(found, Unknown):
        return [Seen("process", f"of {service.name}: unknown ({found.reason})")]
    if not found:
        none = Seen("process", f"{service.name}: none has said that it lives", {"alive": False})
        return [none, *pages_seen(service)]
    told = [_process(service.name, one, now, place) for one in found]
    return [*told, *pages_seen(service)]


def pages_seen(service: Service) -> list[Seen]:
    """The health pages that tell more than the records do."""
    return [
        Seen("health page", f"{page.process}: {_page(page.answers, page.waiting_for)}")
        for page in service.pages or ()
        if page.waiting_for or not page.answers
    ]


def _process(name: str, one: Process, now: datetime, place: Place | None) -> Seen:
    life = "alive, seen" if one.alive else "no sign of life since"
    told = f"{name}, {one.instance}: {life} {moment(one.seen_at, now)}"
    told += f", version {one.version}, {counted(len(one.partitions), 'partition', 'partitions')}"
    here = place in one.partitions
    told += ", reads that of the event" if here else ""
    told += "" if one.joined else ", not in its group"
    told += "".join(f", waits for {server}: {why}" for server, why in one.waiting_for.items())
    return Seen("process", told, {
        "service": name, "instance": one.instance, "alive": one.alive, "seen_at": one.seen_at,
        "version": one.version, "partitions": len(one.partitions), "owner": here,
        "joined": one.joined, "waiting_for": dict(one.waiting_for), "rebalances": one.rebalances,
    })  # fmt: skip


def _page(answers: bool, waiting_for: Mapping[str, str]) -> str:
    if not answers:
        return "does not answer"
    return ", ".join(f"waits for {server}: {why}" for server, why in waiting_for.items())
