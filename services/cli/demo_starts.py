"""The starts of the demo: two complete, one is refused, one is not answered."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from contracts import ids
from contracts.envelope import type_of
from contracts.events import PartnerOnboardingInitiated
from saga_state.document import Saga
from saga_state.status import ENDED

SOURCE = "/producers/demo"


@dataclass(frozen=True, slots=True)
class DemoStart:
    """A start with nothing but what a hand-made message must have, and how it ends.

    `events` is how many events its saga has then. While it runs the service `stopped` does not.
    """

    title: str
    about: str
    event_id: str
    journey: str
    headers: Sequence[tuple[str, bytes]]
    value: bytes
    status: str
    code: str | None
    events: int
    stopped: str | None = None

    @property
    def saga_id(self) -> str:
        return ids.saga_id("default", self.journey, SOURCE, self.event_id)

    def is_over(self, saga: Saga) -> bool:
        """Whether all that is to be said of it was said, or it ended otherwise."""
        if saga["status"] in ENDED and saga["status"] != self.status:
            return True
        return saga["event_count"] >= self.events

    def is_right(self, saga: Saga) -> bool:
        """Whether it ended as it should."""
        code = saga["failure"]["code"] if saga["failure"] else None
        return self.is_over(saga) and (saga["status"], code) == (self.status, self.code)


def demo_starts(run: str, today: date) -> list[DemoStart]:
    """`run` (some hex digits) makes ids and e-mails fresh: one living partner per e-mail."""
    expired = (today - timedelta(days=30)).isoformat()
    return [
        _onboarding(f"tech-{run}"),
        _creation(f"example-{run}"),
        _late(f"late-{run}", expired),
        _unanswered(f"wait-{run}", "campaigns"),
    ]


def _onboarding(event_id: str) -> DemoStart:
    value = json.dumps({"partner_data": _company("TechSolutions Inc", event_id)}).encode()
    headers = _headers(event_id)
    what = ("TechSolutions", "all five steps", event_id, "partner-onboarding", headers, value)
    return DemoStart(*what, status="COMPLETED", code=None, events=7)


def _creation(event_id: str) -> DemoStart:
    data = {
        "nombre": "Example Partner",
        "email": f"{event_id}@example.com",
        "telefono": "+1234567890",
        "direccion": "123 Main Street",
    }
    value = json.dumps({"partner_data": data, "correlation_id": f"corr-{event_id}"}).encode()
    journey, about = "partner-creation", "a partner and an alliance, two steps"
    headers = (*_headers(event_id), ("ce_journey", journey.encode()))
    what = ("Example Partner", about, event_id, journey, headers, value)
    return DemoStart(*what, status="COMPLETED", code=None, events=4)


def _late(event_id: str, expired: str) -> DemoStart:
    """Refused by documents; what was done before is undone."""
    data = {
        "nombre": "Late Papers",
        "email": f"{event_id}@example.com",
        "telefono": "+1234567890",
        "tipo_partner": "INDIVIDUAL",
        "documents": [{"type": "IDENTITY", "number": "ID-1", "expires_on": expired}],
    }
    value = json.dumps({"partner_data": data}).encode()
    headers, about = _headers(event_id), f"its identity document expired on {expired}"
    what = ("Late Papers", about, event_id, "partner-onboarding", headers, value)
    return DemoStart(*what, status="COMPENSATED", code="DOCUMENT_EXPIRED", events=7)


def _unanswered(event_id: str, stopped: str) -> DemoStart:
    """The step before the one that is stopped gives it up, and all is undone."""
    value = json.dumps({"partner_data": _company("Long Wait Inc", event_id)}).encode()
    headers, about = _headers(event_id), f"{stopped} is stopped and does not answer"
    what = ("Long Wait", about, event_id, "partner-onboarding", headers, value)
    return DemoStart(*what, status="COMPENSATED", code="TIMEOUT", events=9, stopped=stopped)


def _company(name: str, event_id: str) -> dict[str, str]:
    return {
        "nombre": name,
        "email": f"{event_id}@techsolutions.com",
        "telefono": "+1234567890",
        "tipo_partner": "EMPRESA",
        "preferred_contract_type": "PREMIUM",
    }


def _headers(event_id: str) -> tuple[tuple[str, bytes], ...]:
    """The least that a message needs: anybody can write it, with any client."""
    named = {"ce_type": type_of(PartnerOnboardingInitiated), "ce_id": event_id, "ce_source": SOURCE}
    return tuple((name, text.encode()) for name, text in named.items())
