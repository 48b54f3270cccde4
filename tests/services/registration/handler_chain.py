"""The five decisions in a row: what each step makes of a producer's data, over the wire's form."""

from datetime import UTC, datetime
from typing import Any

from contracts import ids
from contracts.envelope import Context
from contracts.journey import JOURNEYS
from services import campaigns, contract, documents, recruitment, registration
from services.runtime.step import Done, Effects, Outcome, StepService

NOW = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)
SERVICES: dict[str, StepService] = {
    module.STEP.name: module.STEP
    for module in (registration, contract, documents, campaigns, recruitment)
}
REAL = {
    "nombre": "TechSolutions Inc",
    "email": "contact@techsolutions.com",
    "telefono": "+1234567890",
    "tipo_partner": "EMPRESA",
    "preferred_contract_type": "PREMIUM",
}
REAL_CREATION = {
    "nombre": "Example Partner",
    "email": "partner@example.com",
    "telefono": "+1234567890",
    "direccion": "123 Main Street",
    "correlation_id": "unique-correlation-id",
}


def context(journey: str = "partner-onboarding", partner_id: str | None = None) -> Context:
    saga = ids.saga_id("default", journey, "/test", "start-1")
    return Context(saga, "default", partner_id or ids.partner_id(saga), "corr-1", journey, 1)


def decide(step: str, event: Any, journey: str = "partner-onboarding", **rules: Any) -> Outcome:
    service = SERVICES[step]
    return service.handler(event, Effects(NOW, context(journey), service.rules(**rules)))


def play(start: dict[str, Any], journey: str = "partner-onboarding") -> dict[str, Outcome]:
    """The outcome of each step, until one says no; each hears what the one before wrote."""
    outcomes: dict[str, Outcome] = {}
    event: Any = start
    for step in JOURNEYS[journey, 1].step_names:
        outcomes[step] = outcome = decide(step, event, journey)
        if not isinstance(outcome, Done):
            break
        wire = outcome.says.model_dump_json(exclude_none=True)
        event = type(outcome.says).model_validate_json(wire)
    return outcomes


def onboard(**changes: Any) -> dict[str, Outcome]:
    """The real payload with changes; a value `...` leaves the field out."""
    data = {name: value for name, value in (REAL | changes).items() if value is not ...}
    return play({"partner_data": data})
