"""Which events a person means: by type, status, saga, partner, tenant and time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.envelope import Context, Event
from contracts.events import event_names
from contracts.journey import COMPLETED, JOURNEYS, Journeys
from services.cli.errors import USAGE, CliError
from services.cli.options import one_of


@dataclass(frozen=True, slots=True)
class EventsWanted:
    """None, or no type named: no matter. `saga`: a saga, partner or correlation id. `since`: by the
    time at which the broker had it."""

    types: tuple[str, ...] = ()
    status: str | None = None
    saga: str | None = None
    partner: str | None = None
    tenant: str | None = None
    since: datetime | None = None

    def __call__(self, event: Event) -> bool:
        context = event.context
        return (
            event.name in self.names
            and (self.saga is None or self.saga in ids_of(context))
            and self.partner in (None, context.partner_id)
            and self.tenant in (None, context.tenant_id)
            and (self.since is None or event.record.timestamp_ms >= self.since.timestamp() * 1000)
        )

    @property
    def names(self) -> Sequence[str]:
        """The events that can be meant: only their topics are read."""
        leads = _leads_to(JOURNEYS)
        told = (name for name in event_names() if not self.types or name in self.types)
        return [name for name in told if self.status is None or name in leads[self.status]]

    @property
    def lone_id(self) -> str | None:
        """The id, if nothing else is asked for."""
        ids = [one for one in (self.saga, self.partner) if one is not None]
        nothing_else = replace(self, saga=None, partner=None) == EventsWanted()
        return ids[0] if nothing_else and len(ids) == 1 else None

    def check(self) -> None:
        """CliError (2) for a type or status that there is not, or a pair that no event has."""
        for name in self.types:
            one_of("--type", name, event_names())
        one_of("--status", self.status, _leads_to(JOURNEYS))
        if not self.names:
            leads = " or ".join(_leads_to(JOURNEYS)[self.status or ""])
            line = f"--status {self.status} means {leads}, --type another: give one of the two"
            raise CliError(line, USAGE)


def ids_of(context: Context) -> set[str]:
    """All by which a person may ask for a saga."""
    return {context.saga_id, context.partner_id, context.correlation_id}


def _leads_to(journeys: Journeys) -> Mapping[str, Sequence[str]]:
    """The events with which a saga comes to a status; which it has then, the projection tells."""
    steps = [step for journey in journeys.values() for step in journey.steps]
    return {
        "INITIATED": ["PartnerOnboardingInitiated"],
        **{step.status: [step.says] for step in steps},
        "COMPLETED": [COMPLETED],
        "FAILED": ["PartnerOnboardingFailed"],
        "COMPENSATING": ["CompensationRequested"],
        "COMPENSATED": ["CompensationCompleted"],
    }
