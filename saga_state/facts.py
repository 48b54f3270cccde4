"""What is kept of an event: no personal data, and no text without a limit."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

from contracts.envelope import Event, source_of
from contracts.events import (
    CompensationCompleted,
    CompensationRequested,
    PartnerOnboardingFailed,
    PartnerOnboardingInitiated,
    PartnerRegistrationCompleted,
    Progress,
)
from contracts.ids import identity_id
from contracts.operator import RedriveRequested, ResolveRequested, StepParked
from saga_state.document import Fact, Origin

HashOf = Callable[[str], str | None]  # of an e-mail address as it came; None: not valid
START = PartnerOnboardingInitiated.__name__
_SEARCHED_MAX, _ID_MAX, _TEXT_MAX, _CODE_MAX = 1024, 256, 500, 100
_COUNT_MAX = 1_000_000


def fact_of(event: Event, hash_of: HashOf) -> Fact:
    """What the projection needs of an event to tell the saga from."""
    fact: Fact = {
        "type": event.name,
        "partition": event.record.partition,
        "offset": event.record.offset,
        "time": whole_ms(event.time),
        "event_id": event.event_id[:_ID_MAX],
        "journey": event.context.journey,
        "journey_version": event.context.journey_version,
    }
    _add_data(fact, event, hash_of)
    return fact


@lru_cache(maxsize=4096)
def identity_of(source: str, event_id: str) -> str:
    """The identity of an event; asked for twice in a batch, hence the cache."""
    return identity_id(source, event_id)


def origin_of(event: Event) -> Origin:
    """What the event says about whose saga it is."""
    return {
        "started": event.name == START,
        "time": whole_ms(event.time),
        "type": event.name,
        "partition": event.record.partition,
        "offset": event.record.offset,
        "partner_id": event.context.partner_id[:_ID_MAX],
        "correlation_id": searchable(event.context.correlation_id),
        "journey": event.context.journey,
    }


def record_order(fact: Fact | Origin) -> tuple[datetime, str, int, int]:
    """Which record of one identity counts: the earliest, then the first of its topics."""
    return fact["time"], fact["type"], fact["partition"], fact["offset"]


def whole_ms(time: datetime) -> datetime:
    """MongoDB keeps milliseconds; so do we, or what is read back would not be what was written."""
    beyond = time.microsecond % 1000
    return time.replace(microsecond=time.microsecond - beyond) if beyond else time


def searchable(correlation_id: str) -> str:
    """A correlation id as it is stored and found."""
    return correlation_id[:_SEARCHED_MAX]


def _add_data(fact: Fact, event: Event, hash_of: HashOf) -> None:
    match event.data:
        case Progress() as said:
            fact["result"] = _result(said)
            if said.answer_within_seconds is not None:
                fact["answer_within_seconds"] = said.answer_within_seconds
        case CompensationCompleted() as said:
            fact["step"], fact["outcome"] = said.step, said.outcome
        case CompensationRequested() as said:
            fact["requested_by"] = said.requested_by[:_CODE_MAX]
            fact["names_journey"] = event.names_journey
            _add_why(fact, said)
        case PartnerOnboardingFailed() as said:
            fact["by_itself"] = event.source == source_of(said.failed_step)
            _add_why(fact, said)
        case StepParked() as said:
            fact["step"], fact["reason"] = said.step, said.where[:_TEXT_MAX]
            fact["parked"], fact["attempts"] = said.state, min(said.attempts, _COUNT_MAX)
        case RedriveRequested() | ResolveRequested() as said:
            fact["step"], fact["reason"] = said.step, said.reason[:_TEXT_MAX]
            fact["requested_by"] = said.requested_by[:_CODE_MAX]
        case dict() as body if event.name == START:
            fact["partner_hash"] = _hash_in(body, hash_of)


def _add_why(fact: Fact, said: CompensationRequested | PartnerOnboardingFailed) -> None:
    fact["step"] = said.failed_step
    fact["code"], fact["reason"] = said.code[:_CODE_MAX], said.reason[:_TEXT_MAX]


def _hash_in(body: dict[str, Any], hash_of: HashOf) -> str | None:
    data = body.get("partner_data")
    email = data.get("email") if isinstance(data, dict) else None
    return hash_of(email) if isinstance(email, str) else None


def _result(said: Progress) -> dict[str, str]:
    """The id a person asks for: the number of what the step made, which its event carries last.

    Of a partner-creation the contract's number is the alliance_id.
    """
    if isinstance(said, PartnerRegistrationCompleted):
        return {"partner_id": said.partner.partner_id[:_ID_MAX]}
    carried = [*(getattr(said, name) for name in type(said).model_fields), said]
    numbers = [made.number for made in carried if hasattr(made, "number")]
    return {"number": numbers[-1][:_CODE_MAX]} if numbers else {}
