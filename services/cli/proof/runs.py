"""Which small worlds are searched: journey, outside systems, what the partner asks for, budgets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.envelope import Context, Message, binary
from contracts.events import CompensationRequested
from contracts.journey import PARTNER_CREATION_1, PARTNER_ONBOARDING_1, Journey
from contracts.starting import Asked, start_context, start_message
from contracts.topics import event_topic
from services.cli.proof.actors import NOW
from services.cli.proof.messages import Messages
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
    """One small world. `asks`: what the start asks for besides the usual."""

    name: str
    journey: Journey
    outer: tuple[str, ...]
    budgets: Budgets
    asks: Mapping[str, Any] = field(default_factory=dict)
    with_cause: bool = False

    def world(self) -> SmallWorld:
        """The world as it is when the start was accepted."""
        asked = Asked({**PARTNER, **self.asks}, "/producers/crm", self.journey, "start-1")
        steps = all_steps([self.journey])
        request = _request(start_context(asked))
        messages = Messages(self.with_cause)
        start = start_message(asked, NOW)
        return SmallWorld(self.journey, steps, frozenset(self.outer), start, [request], messages)


def _request(context: Context) -> Message:
    """A person asks to undo the whole saga."""
    asks = CompensationRequested(
        failed_step=None, code="REQUESTED", reason="Asked by hand.", requested_by="operator"
    )
    topic = event_topic(CompensationRequested.__name__)
    return binary(topic, "request-1", "/cli/operator", NOW, asks, context)


ONE_OF_ALL = Budgets(crash=1, duplicate=1, early=1, request=1, lost=1, no=1)
SMALL = (
    Run("two steps, inner", PARTNER_CREATION_1, (), Budgets(2, 2, 2, 1), with_cause=True),
    Run("two steps, inner, no", PARTNER_CREATION_1, (), Budgets(2, 2, 2, 1), NO_TERMS, True),
    Run("two steps, outer", PARTNER_CREATION_1, BOTH, Budgets(1, 1, 1, 1), with_cause=True),
    Run("two steps, outer, no", PARTNER_CREATION_1, BOTH, ONE_OF_ALL._replace(duplicate=0)),
    Run("five steps, inner", PARTNER_ONBOARDING_1, (), Budgets(1, 0, 1, 0)),
    Run("five steps, inner, no", PARTNER_ONBOARDING_1, (), Budgets(1, 1, 0, 1), TOO_MUCH),
    Run("five steps, real", PARTNER_ONBOARDING_1, REAL, Budgets(1, 1, 0, 1)),
    Run("five steps, real, time", PARTNER_ONBOARDING_1, REAL, Budgets(0, 1, 1, 0)),
)
LARGE = (
    Run("two steps, outer, all", PARTNER_CREATION_1, BOTH, ONE_OF_ALL),
    Run("five steps, inner, all", PARTNER_ONBOARDING_1, (), Budgets(1, 1, 1, 1)),
    Run("five steps, inner, no, all", PARTNER_ONBOARDING_1, (), Budgets(1, 1, 1, 1), TOO_MUCH),
    Run("five steps, real, no", PARTNER_ONBOARDING_1, REAL, Budgets(1, 1, 0, 1, 1, 1)),
    Run("five steps, real, all", PARTNER_ONBOARDING_1, REAL, Budgets(1, 1, 1, 1)),
)
