"""What the tests of the runtime are given: records, steps that answer as told, a clock."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from pydantic import BaseModel

from contracts import ids
from contracts.envelope import Event, Message, Record
from contracts.events import (
    ContractCreated,
    PartnerRegistrationCompleted,
    Progress,
    RecruitmentSetupCompleted,
)
from contracts.journey import JOURNEYS
from contracts.reading import Reader
from contracts.topics import event_topic
from services.runtime.delivery import Delivery
from services.runtime.memory import MemoryLog, MemoryStore
from services.runtime.part import Part
from services.runtime.step import Done, Effects, Outcome, Rejected, StepService

TYPE = "com.hexabuilders.onboarding.{}.v1"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
T0 = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
READER = Reader()
NO = Rejected("NOT_TODAY", "Not today.")
SECRET = "Ana's secret"

PARTNER = {"partner_id": "p-1", "kind": "EMPRESA"}
CONTRACT = {
    "number": "CT-1",
    "kind": "ONBOARDING",
    "type": "PREMIUM",
    "level": "ENHANCED",
    "channels": ["DISPLAY"],
    "monthly_budget": "50000",
    "currency": "USD",
    "seats": 10,
    "job_kinds": ["FREELANCE"],
}
ACCOUNT = {k: CONTRACT[k] for k in ("number", "channels", "monthly_budget", "currency")}
WORKSPACE = {k: CONTRACT[k] for k in ("number", "seats", "job_kinds")}
BODIES: dict[str, dict[str, Any]] = {
    "PartnerOnboardingInitiated": {"partner_data": {"nombre": "Ana", "email": "ana@b.example"}},
    "PartnerRegistrationCompleted": {"partner": PARTNER},
    "ContractCreated": {"partner": PARTNER, "contract": CONTRACT},
    "DocumentsVerified": {
        "partner": PARTNER,
        "contract": CONTRACT,
        "package": {"number": "DP-1", "level": "BASIC"},
    },
    "CampaignsEnabled": {"partner": PARTNER, "contract": CONTRACT, "campaign_account": ACCOUNT},
    "RecruitmentSetupCompleted": {"partner": PARTNER, "contract": CONTRACT, "workspace": WORKSPACE},
    "PartnerOnboardingCompleted": {"partner_id": "p-1", "last_step": "recruitment"},
    "PartnerOnboardingFailed": {"failed_step": "contract", "code": "NO", "reason": "No."},
    "CompensationRequested": {
        "failed_step": "contract",
        "code": "NO",
        "reason": "No.",
        "requested_by": "ops-1",
    },
    "CompensationCompleted": {"step": "contract", "outcome": "undone"},
}
SAYS: dict[str, Progress] = {
    "registration": PartnerRegistrationCompleted(partner=PARTNER),
    "contract": ContractCreated(partner=PARTNER, contract=CONTRACT),
    "recruitment": RecruitmentSetupCompleted(
        partner=PARTNER, contract=CONTRACT, workspace=WORKSPACE
    ),
}
HEARS = {
    "registration": "PartnerOnboardingInitiated",
    "contract": "PartnerRegistrationCompleted",
    "documents": "ContractCreated",
    "recruitment": "CampaignsEnabled",
}


class NoRules(BaseModel):
    """A step without numbers of its own."""


class Clock:
    """Goes on by a millisecond whenever it is asked, so that nothing is said twice at one time."""

    def __init__(self) -> None:
        self.time = T0

    def __call__(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time

    def go_on(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def sayer_of(name: str, body: Any = None) -> str:
    """A step's own word has its source; anybody may say the rest."""
    steps = {row.says: row.name for journey in JOURNEYS.values() for row in journey.steps}
    steps |= {"PartnerOnboardingCompleted": "recruitment"}
    if name == "CompensationCompleted":
        return f"/services/{(body or BODIES[name])['step']}"
    if name == "PartnerOnboardingFailed":
        return f"/services/{(body or BODIES[name])['failed_step']}"
    return f"/services/{steps[name]}" if name in steps else "/producers/crm"


def record(
    name: str, body: Any = None, offset: int = 0, raw: bytes | None = None, **headers: str | None
) -> Record:
    """A record of an event; `raw` stands for a body as bytes; a header None is left out."""
    given = {
        "ce_type": TYPE.format(name),
        "ce_id": "e-1",
        "ce_source": sayer_of(name, body),
        "ce_sagaid": "saga-1",
        "ce_journey": "partner-onboarding/1",
        **headers,
    }
    value = raw if raw is not None else orjson.dumps(BODIES[name] if body is None else body)
    sent = tuple((key, text.encode()) for key, text in given.items() if text is not None)
    return Record(event_topic(name), 0, offset, b"p-1", value, sent, 1_772_357_400_000)


def event(name: str, body: Any = None, **given: Any) -> Event:
    return READER.read(record(name, body, **given))


def start(number: int, email: str | None = None, **partner_data: Any) -> Record:
    """The start of another partner for each number."""
    data = {
        "nombre": "TechSolutions Inc",
        "email": email or f"contact{number}@b.example",
        "telefono": "+1234567890",
        "tipo_partner": "EMPRESA",
        **partner_data,
    }
    return record("PartnerOnboardingInitiated", {"partner_data": data}, number, ce_id=f"s-{number}")


def start_saga(number: int) -> str:
    return ids.saga_id("default", "partner-onboarding", "/producers/crm", f"s-{number}")


def triggers(step: str, *sagas: str, first_offset: int = 0) -> list[Record]:
    """What the step hears, once for each of these sagas."""
    return [
        record(HEARS[step], offset=offset, ce_sagaid=saga, ce_id=f"e-{saga}")
        for offset, saga in enumerate(sagas, first_offset)
    ]


class Told:
    """A handler that answers as it is told, by saga; it counts how often it was asked."""

    def __init__(self, step: str, **answers: Outcome | Exception) -> None:
        self.yes = Done(SAYS[step], {"number": "N-1"}) if step in SAYS else None
        self.answers = answers
        self.asked: Counter[str] = Counter()

    def __call__(self, data: Any, effects: Effects[Any]) -> Any:
        saga = effects.context.saga_id
        self.asked[saga] += 1
        answer = self.answers.get(saga, self.yes)
        if isinstance(answer, Exception):
            raise answer
        return answer


def told(step: str, **answers: Any) -> StepService:
    """A step that says yes, but to the sagas named."""
    return StepService(step, Told(step, **answers), rules=NoRules)


def part_of(service: StepService, now: Callable[[], datetime] | None = None, **more: Any) -> Part:
    given = {"seconds_for": lambda row: row.timeout_seconds, **more}
    return Part(service, service.rules(), now or Clock(), **given)


@dataclass
class Ground:
    """A step on ports in memory, with the cells that its delivery met."""

    service: StepService
    clock: Clock = field(default_factory=Clock)
    cells: list[str] = field(default_factory=list)
    calls: list[Any] = field(default_factory=list)
    part: dict[str, Any] = field(default_factory=dict)
    log: Any = None
    store: Any = None

    def __post_init__(self) -> None:
        self.log = self.log or MemoryLog(self.clock)
        self.store = self.store or MemoryStore(self.clock)

    def delivery(self, **ports: Any) -> Delivery:
        """A fresh process: only what is in the ports is known to it."""
        given = {"log": self.log, "store": self.store, **ports}
        return Delivery(
            part=part_of(self.service, self.clock, **self.part),
            reader=READER,
            counts=self,
            call=self.calls.append,
            **given,
        )

    def cell(self, cell: str, _arrival: Any, _after: Any = None) -> None:
        self.cells.append(cell)

    def dead_letter(self, error_class: str, _record: Record) -> None:
        self.cells.append(error_class)


def messages(log: MemoryLog) -> list[Record]:
    """All records of all topics."""
    return [record for topic in log.topics for record in log.records(topic)]


def header(record: Record | Message, name: str) -> str | None:
    found = [value for key, value in record.headers if key == name]
    return found[-1].decode() if found else None


def said(log: MemoryLog) -> dict[str, set[tuple[bytes | None, tuple[Any, ...]]]]:
    """By event id (of dead letters dlq_id) what was said under it: bodies with their headers."""
    found: dict[str, set[tuple[bytes | None, tuple[Any, ...]]]] = {}
    for one in messages(log):
        own = header(one, "dlq_id") or header(one, "ce_id") or "none"
        found.setdefault(own, set()).add((one.value, tuple(one.headers)))
    return found


def types(sent: Sequence[Message | Record]) -> list[str]:
    """The names of the events."""
    return [(header(one, "ce_type") or "").split(".")[-2] for one in sent]
