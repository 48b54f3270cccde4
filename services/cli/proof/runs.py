"""Which small worlds are searched: journey, outside systems, what the partner asks for, budgets."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from contracts.envelope import Context, Message, binary
from contracts.events import CompensationRequested, EventData
from contracts.journey import PARTNER_CREATION_1, PARTNER_ONBOARDING_1, Journey
from contracts.operator import RedriveRequested, ResolveRequested
from contracts.starting import Asked, start_context, start_message
from contracts.topics import dead_letter_topic, event_topic
from services.cli.proof.actors import NOW
from services.cli.proof.small_world import SmallWorld
from services.cli.proof.states import Budgets
from services.steps import all_steps

PARTNER = {
    "nombre": "TechSolutions Inc",
    "email": "contact@techsolutions.com",
    "telefono": "+1234567890",
    "tipo_partner": "EMPRESA",
    "preferred_contract_type": "PREMIUM",
}
TOO_MUCH = {"campaign_permissions": {"monthly_budget": "999999"}}
NO_TERMS = {"preferred_contract_type": "CUSTOM"}
REAL = ("documents", "campaigns", "recruitment")
BOTH = ("registration", "contract")


@dataclass(frozen=True, slots=True)
class Run:
    """One small world. `asks`: what the start asks for besides the usual; `names`: the steps that
    a person may name as failed, besides asking for all to be undone; `unnamed`: a person may leave
    out of which journey the saga is."""

    name: str
    journey: Journey
    outer: tuple[str, ...]
    budgets: Budgets
    asks: Mapping[str, Any] = field(default_factory=dict)
    with_cause: bool = False
    names: tuple[str, ...] = ()
    unnamed: bool = False

    def world(self) -> SmallWorld:
        """The world as it is when the start was accepted."""
        asked = Asked({**PARTNER, **self.asks}, "/producers/crm", self.journey, "start-1")
        context = start_context(asked)
        return SmallWorld(
            self.journey,
            all_steps([self.journey]),
            frozenset(self.outer),
            start_message(asked, NOW),
            self._requests(context),
            {name: _wishes(context, name) for name in self.journey.step_names},
            self.with_cause,
        )

    def _requests(self, context: Context) -> list[Message]:
        named = [_request(context, name) for name in (None, *self.names)]
        return [*named, _unnamed(named[0])] if self.unnamed else named


def _unnamed(request: Message) -> Message:
    kept = tuple(header for header in request.headers if header[0] != "ce_journey")
    return replace(request, headers=kept)


def _request(context: Context, named: str | None) -> Message:
    """A person asks to undo the whole saga, or as if that step had failed."""
    asks = CompensationRequested(
        failed_step=named, code="REQUESTED", reason="Asked by hand.", requested_by="operator"
    )
    return _asked(context, event_topic(CompensationRequested.__name__), named, asks)


def _wishes(context: Context, step: str) -> dict[str, Message]:
    """What a person may ask of a step that is parked."""
    reason = {"step": step, "reason": "Asked by hand.", "requested_by": "operator"}
    kinds = {"redrive": RedriveRequested(**reason), "resolve": ResolveRequested(**reason)}
    topic = dead_letter_topic(step)
    return {kind: _asked(context, topic, f"{kind}-{step}", wish) for kind, wish in kinds.items()}


def _asked(context: Context, topic: str, of: str | None, asks: EventData) -> Message:
    return binary(topic, f"request-{of or 'all'}", "/cli/operator", NOW, asks, context)


FOUR = Budgets(crash=1, duplicate=1, early=1, request=1)
TWICE = Budgets(crash=2, duplicate=2, early=2, request=1)
CALLS = FOUR._replace(lost=1, no=1)
PARKED = Budgets(duplicate=1, early=1, request=1, bug=2, redrive=1, resolve=1)
PARKED_CRASH = Budgets(crash=1, request=1, lost=1, bug=1, redrive=1, resolve=1)
GONE = FOUR._replace(duplicate=0, dead=1, back=1)
NAMING = FOUR._replace(early=0)
DUE = FOUR._replace(due=1)  # a request without a journey may block in silence
NAMED = ("registration", "contract", "recruitment")
RUNS = (  # those that take the longest first
    Run("five steps, real", PARTNER_ONBOARDING_1, REAL, FOUR),
    Run("five steps, real, no", PARTNER_ONBOARDING_1, REAL, FOUR._replace(duplicate=0, no=1)),
    Run("five steps, gone", PARTNER_ONBOARDING_1, REAL, GONE._replace(early=0)),
    Run("two steps, gone", PARTNER_CREATION_1, BOTH, GONE._replace(duplicate=1, lost=1, no=1)),
    Run("two steps, parked", PARTNER_CREATION_1, BOTH, PARKED),
    Run("five steps, parked", PARTNER_ONBOARDING_1, REAL, PARKED_CRASH),
    Run("five steps, inner, no", PARTNER_ONBOARDING_1, (), FOUR, TOO_MUCH),
    Run("five steps, named", PARTNER_ONBOARDING_1, REAL, NAMING, {}, False, NAMED, True),
    Run("five steps, inner", PARTNER_ONBOARDING_1, (), FOUR),
    Run("five steps, calls", PARTNER_ONBOARDING_1, REAL, CALLS._replace(early=0)),
    Run("two steps, calls", PARTNER_CREATION_1, BOTH, CALLS),
    Run("two steps, parked, crash", PARTNER_CREATION_1, BOTH, PARKED_CRASH),
    Run("two steps, named", PARTNER_CREATION_1, BOTH, DUE, {}, True, BOTH, True),
    Run("two steps, inner, parked", PARTNER_CREATION_1, (), FOUR._replace(bug=2, redrive=1)),
    Run("two steps, inner, no", PARTNER_CREATION_1, (), TWICE, NO_TERMS, True),
    Run("two steps, inner", PARTNER_CREATION_1, (), TWICE, with_cause=True),
)
