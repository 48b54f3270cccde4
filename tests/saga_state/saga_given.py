"""The events that tests of the projection are given: written and read as they are on Kafka."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from contracts import ids
from contracts.envelope import Context, Event, Record, binary, source_of
from contracts.events import (
    CampaignsEnabled,
    CompensationCompleted,
    CompensationRequested,
    ContractCreated,
    DocumentsVerified,
    EventData,
    PartnerOnboardingCompleted,
    PartnerOnboardingFailed,
    PartnerRegistrationCompleted,
    RecruitmentSetupCompleted,
)
from contracts.facts import CampaignAccount, Contract, DocumentPackage, Partner, Workspace
from contracts.journey import JOURNEYS
from contracts.operator import (
    RedriveRequested,
    ResolveRequested,
    StepParked,
    read_operator_event,
)
from contracts.reading import Reader
from contracts.topics import dead_letter_topic, event_topic
from saga_state.document import Saga
from saga_state.partner_hash import partner_hash
from saga_state.state import fold

T0 = datetime(2025, 3, 1, 9, 30, tzinfo=UTC)
NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
EMAIL = "Ana.Maria@Example.com"
hash_of = partial(partner_hash, b"a key of tests")
READER = Reader()
STEPS = ("registration", "contract", "documents", "campaigns", "recruitment")

CONTRACT = Contract(
    number="CT-1", kind="ONBOARDING", type="PREMIUM", level="ENHANCED", channels=("DISPLAY",),
    monthly_budget="50000", currency="USD", seats=10, job_kinds=("FREELANCE",),
)  # fmt: skip
ACCOUNT = CampaignAccount(
    number="CA-1", channels=("DISPLAY",), monthly_budget="50000", currency="USD"
)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


@dataclass
class Voices:
    """Everyone who speaks in one saga. Each call is one new record on its topic."""

    journey: str = "partner-onboarding"
    tenant: str = "default"
    number: str = "1"
    offset: int = 0
    partner: str | None = None
    correlation: str | None = None
    context: Context = field(init=False)

    def __post_init__(self) -> None:
        saga = ids.saga_id(self.tenant, self.journey, "/producer", self.number)
        partner = self.partner or ids.partner_id(saga)
        correlation = self.correlation or f"corr-{self.number}"
        self.context = Context(saga, self.tenant, partner, correlation, self.journey, 1)

    @property
    def id(self) -> str:
        return self.context.saga_id

    @property
    def steps(self) -> tuple[str, ...]:
        return JOURNEYS[self.journey, 1].step_names

    def start(self, seconds: float = 0, email: Any = EMAIL, **changes: Any) -> Event:
        data = {"nombre": "Ana", "email": email, "telefono": "+34600000000"}
        body = {"partner_data": data, "correlation_id": self.context.correlation_id}
        if self.partner:
            data["partner_id"] = self.partner
        return self._record(
            "PartnerOnboardingInitiated", self.number, "/producer", seconds, body, **changes
        )

    def did(self, step: str, seconds: float, answer: float | None = 30, **changes: Any) -> Event:
        return self._step(step, self._progress(step, answer), seconds, **changes)

    def completed(self, seconds: float, **changes: Any) -> Event:
        journey = changes.get("context", {}).get("journey", self.journey)
        last = JOURNEYS[journey, 1].last.name
        data = PartnerOnboardingCompleted(partner_id=self.context.partner_id, last_step=last)
        return self._step(last, data, seconds, **changes)

    def failed(
        self, step: str, seconds: float, code: str = "NO", by: str | None = None, **changes: Any
    ) -> Event:
        data = PartnerOnboardingFailed(failed_step=step, code=code, reason=f"{step} says {code}")
        event_id = ids.failure_id(self.id, "F", step, by or step)
        return self._say(event_id, source_of(by or step), seconds, data, **changes)

    def asked(
        self, step: str | None, seconds: float, by: str = "ops-1", code: str = "NO", **changes: Any
    ) -> Event:
        data = CompensationRequested(
            failed_step=step, code=code, reason=f"undo for {by}", requested_by=by
        )
        event_id = ids.failure_id(self.id, "R", str(step), by)
        return self._say(event_id, source_of(by), seconds, data, **changes)

    def undid(self, step: str, seconds: float, outcome: Any = "undone", **changes: Any) -> Event:
        return self._step(
            step, CompensationCompleted(step=step, outcome=outcome), seconds, **changes
        )

    def parked(
        self, step: str, seconds: float, state: Any = "parked", attempts: int = 3, **changes: Any
    ) -> Event:
        data = StepParked(step=step, state=state, where="ValueError at x.py:1", attempts=attempts)
        number = changes.pop("number", 0)
        event_id = ids.parked_id(self.id, "StepParked", step, number)
        return self._operate(event_id, source_of(step), step, seconds, data, **changes)

    def redriven(self, step: str, seconds: float, by: str = "ana", **changes: Any) -> Event:
        data = RedriveRequested(step=step, reason=f"{step} is mended", requested_by=by)
        return self._operate(self._fresh(), source_of("cli"), step, seconds, data, **changes)

    def resolved(self, step: str, seconds: float, by: str = "ana", **changes: Any) -> Event:
        data = ResolveRequested(step=step, reason=f"{step} by hand", requested_by=by)
        return self._operate(self._fresh(), source_of("cli"), step, seconds, data, **changes)

    def _fresh(self) -> str:
        return f"wish-{self.offset}"

    def _operate(
        self, own_id: str, source: str, step: str, seconds: float, data: EventData, **changes: Any
    ) -> Event:
        context = replace(self.context, **changes.pop("context", {}))
        topic, event_id = dead_letter_topic(step), changes.pop("event_id", own_id)
        sent = binary(topic, event_id, source, at(seconds), data, context)
        self.offset += 1
        place = {"partition": 0, "offset": self.offset, **changes}
        event = read_operator_event(
            Record(
                topic, key=sent.key, value=sent.value, headers=tuple(sent.headers),
                timestamp_ms=1_740_000_000_000, **place,
            ),
            READER,
        )  # fmt: skip
        assert event is not None
        return event

    def again(self, event: Event, partition: int = 0) -> Event:
        """The same message once more, at a later offset."""
        self.offset += 1
        return READER.read(replace(event.record, partition=partition, offset=self.offset))

    def whole_way(self) -> list[Event]:
        """A saga that completes: a step per second, then the completion."""
        last = len(self.steps)
        done = [self.did(step, second) for second, step in enumerate(self.steps, 1)]
        return [self.start(), *done, self.completed(last)]

    def undone_from(self, step: str) -> list[Event]:
        """A saga whose `step` says no, and all before it undo."""
        before = self.steps[: self.steps.index(step)]
        done = [self.did(name, second) for second, name in enumerate(before, 1)]
        undone = [self.undid(name, 20 + second) for second, name in enumerate(reversed(before))]
        failed = [self.asked(step, 10, by=step), self.failed(step, 10)]
        return [self.start(), *done, *failed[0 if before else 1 :], *undone]

    def _progress(self, step: str, answer: float | None) -> EventData:
        partner = Partner(partner_id=self.context.partner_id, kind="EMPRESA")
        more: dict[str, Any] = {"partner": partner, "answer_within_seconds": answer}
        match step:
            case "registration":
                return PartnerRegistrationCompleted(**more)
            case "contract":
                return ContractCreated(**more, contract=CONTRACT)
            case "documents":
                package = DocumentPackage(number="DP-1", level="ENHANCED")
                return DocumentsVerified(**more, contract=CONTRACT, package=package)
            case "campaigns":
                return CampaignsEnabled(**more, contract=CONTRACT, campaign_account=ACCOUNT)
        workspace = Workspace(number="WS-1", seats=3, job_kinds=())
        return RecruitmentSetupCompleted(**more, contract=CONTRACT, workspace=workspace)

    def _step(self, step: str, data: EventData, seconds: float, **changes: Any) -> Event:
        event_id = ids.said_id(self.id, type(data).__name__, step)
        return self._say(event_id, source_of(step), seconds, data, **changes)

    def _say(
        self, own_id: str, source: str, seconds: float, data: EventData, **changes: Any
    ) -> Event:
        event_id = changes.pop("event_id", own_id)
        topic = event_topic(type(data).__name__)
        context = replace(self.context, **changes.pop("context", {}))
        message = binary(topic, event_id, source, at(seconds), data, context)
        return self._read(topic, message.key, message.value, message.headers, **changes)

    def _record(
        self, name: str, own_id: str, source: str, seconds: float, body: Any, **changes: Any
    ) -> Event:
        import orjson

        headers = {
            "ce_id": changes.pop("event_id", own_id),
            "ce_source": source,
            "ce_type": f"com.hexabuilders.onboarding.{name}.v1",
            "ce_time": at(seconds).isoformat(),
            "ce_tenantid": self.tenant,
            "ce_journey": self.journey,
            **changes.pop("headers", {}),
        }
        value = changes.pop("value", None) or orjson.dumps(body)
        pairs = [(key, text.encode()) for key, text in headers.items() if text is not None]
        return self._read(event_topic(name), b"any", value, pairs, **changes)

    def _read(self, topic: str, key: Any, value: Any, headers: Any, partition: int = 0) -> Event:
        self.offset += 1
        return READER.read(
            Record(topic, partition, self.offset, key, value, tuple(headers), 1_740_000_000_000)
        )


def told(*events: Event) -> Saga:
    """The document of these events."""
    return fold(None, events, hash_of)


def states(saga: Saga) -> list[str]:
    return [step["state"] for step in saga["steps"]]
