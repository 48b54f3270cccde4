"""What is kept of an event, and how it is merged: any order and any repetition give the same.

A saga's facts grow only, except that of one kind (event name, and the step it names) at most
MOST_OF_A_KIND are kept, the earliest: a flood of requests cannot outgrow a document. Keeping the
smallest of a set is order-free too, so is keeping the earliest record of one identity.
"""

from collections.abc import Callable
from datetime import datetime
from heapq import nsmallest
from typing import Any

from contracts.envelope import Event, source_of
from contracts.events import (
    CampaignsEnabled,
    CompensationCompleted,
    CompensationRequested,
    ContractCreated,
    DocumentsVerified,
    PartnerOnboardingFailed,
    PartnerOnboardingInitiated,
    PartnerRegistrationCompleted,
    Progress,
    RecruitmentSetupCompleted,
)
from contracts.ids import identity_id
from saga_state.document import Fact, Facts

MOST_OF_A_KIND = 32
HashOf = Callable[[str], str | None]  # of an e-mail address as it came; None: not valid
_ID_MAX, _PARTNER_MAX, _TEXT_MAX, _CODE_MAX = 1024, 256, 500, 200


def merged(facts: Facts, event: Event, hash_of: HashOf) -> Facts:
    """The facts with what the event says; the same object if it says nothing new."""
    fact = fact_of(event, hash_of)
    kind = f"{fact['type']}/{fact['step']}" if "step" in fact else fact["type"]
    identity = identity_id(event.source, event.event_id)
    of_kind = facts.get(kind, {})
    known = of_kind.get(identity)
    if known is not None and record_order(known) <= record_order(fact):
        return facts
    kept = _earliest({**of_kind, identity: fact})
    return {**facts, kind: kept} if identity in kept else facts


def fact_of(event: Event, hash_of: HashOf) -> Fact:
    """What the projection needs of an event: no personal data, no text without a limit."""
    context = event.context
    fact: Fact = {
        "type": event.name,
        "partition": event.record.partition,
        "offset": event.record.offset,
        "time": whole_ms(event.time),
        "event_id": event.event_id[:_ID_MAX],
        "tenant_id": context.tenant_id,
        "partner_id": context.partner_id[:_PARTNER_MAX],
        "correlation_id": searchable(context.correlation_id),
        "journey": context.journey,
        "journey_version": context.journey_version,
    }
    _add_data(fact, event, hash_of)
    return fact


def record_order(fact: Fact) -> tuple[datetime, str, int, int]:
    """Which record of one identity counts: the earliest, then the first of its topics."""
    return fact["time"], fact["type"], fact["partition"], fact["offset"]


def whole_ms(time: datetime) -> datetime:
    """MongoDB keeps milliseconds; so do we, or what is read back would not be what was written."""
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def searchable(correlation_id: str) -> str:
    """A correlation id as it is stored and found."""
    return correlation_id[:_ID_MAX]


def _earliest(of_kind: dict[str, Fact]) -> dict[str, Fact]:
    if len(of_kind) <= MOST_OF_A_KIND:
        return of_kind
    return dict(
        nsmallest(MOST_OF_A_KIND, of_kind.items(), key=lambda item: (item[1]["time"], item[0]))
    )


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
            _add_why(fact, said)
        case PartnerOnboardingFailed() as said:
            fact["by_itself"] = event.source == source_of(said.failed_step)
            _add_why(fact, said)
        case dict() as body if event.name == PartnerOnboardingInitiated.__name__:
            fact["partner_hash"] = _hash_in(body, hash_of)


def _add_why(fact: Fact, said: CompensationRequested | PartnerOnboardingFailed) -> None:
    fact["step"] = said.failed_step
    fact["code"], fact["reason"] = said.code[:_CODE_MAX], said.reason[:_TEXT_MAX]


def _hash_in(body: dict[str, Any], hash_of: HashOf) -> str | None:
    data = body.get("partner_data")
    email = data.get("email") if isinstance(data, dict) else None
    return hash_of(email) if isinstance(email, str) else None


def _result(said: Progress) -> dict[str, str]:
    """The ids a person asks for; of a partner-creation the contract's number is the alliance_id."""
    match said:
        case PartnerRegistrationCompleted():
            return {"partner_id": said.partner.partner_id[:_PARTNER_MAX]}
        case ContractCreated():
            return {"number": said.contract.number[:_CODE_MAX]}
        case DocumentsVerified():
            return {"number": said.package.number[:_CODE_MAX]}
        case CampaignsEnabled():
            return {"number": said.campaign_account.number[:_CODE_MAX]}
        case RecruitmentSetupCompleted():
            return {"number": said.workspace.number[:_CODE_MAX]}
    return {}
