"""Makes the example messages, from fixed inputs; a made example is never made again (frozen).

The story: TechSolutions Inc asks to be onboarded. The first try fails at the documents step and
is undone; the second, a day later, completes. Of a third the undo of campaigns meets a bug: a
person redrives it, and then undoes it by hand.
"""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from contracts import ids
from contracts.envelope import Context, binary, source_of
from contracts.events import (
    CampaignsEnabled,
    CompensationCompleted,
    CompensationRequested,
    ContractCreated,
    DocumentsVerified,
    EventData,
    PartnerOnboardingCompleted,
    PartnerOnboardingFailed,
    PartnerOnboardingInitiated,
    PartnerRegistrationCompleted,
    RecruitmentSetupCompleted,
)
from contracts.facts import (
    CampaignAccount,
    Contract,
    DocumentPackage,
    Partner,
    Wishes,
    Workspace,
)
from contracts.journey import PARTNER_ONBOARDING_1
from contracts.operator import RedriveRequested, ResolveRequested, StepParked
from contracts.topics import dead_letter_topic, event_topic

Message = dict[str, Any]
JOURNEY = PARTNER_ONBOARDING_1
_PRODUCER = "/producers/crm"
_TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
_UNDONE_START = "0b9f6a52-3c64-4f0e-9d1e-5a8f7c2b1e01"
_UNDONE_AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
_DONE_START = "c56a4180-65aa-42ec-a945-5fd21dec0538"
_DONE_AT = datetime(2026, 3, 3, 14, 15, tzinfo=UTC)
_PARKED_START = "7d1f4c1e-94c6-4f0b-8a57-9f1a0c6f3b02"
_PARKED_AT = datetime(2026, 3, 4, 8, tzinfo=UTC)
_REDRIVE, _RESOLVE = "1f0f7f0e-7d0a-4f7b-9d53-0d5b0f6b1a10", "e4c1b9a2-5d61-4e0e-8a43-6f6f2c9f7d11"


def example_messages() -> dict[tuple[str, int], Message]:
    """One whole message {topic, key, headers, value} per event and version."""
    return {
        **_undone(_context(_UNDONE_START)),
        **_completed(_context(_DONE_START)),
        **_parked(_context(_PARKED_START)),
    }


def _context(start: str) -> Context:
    saga = ids.saga_id("default", JOURNEY.name, _PRODUCER, start)
    partner = ids.partner_id(saga)
    return Context(saga, "default", partner, "corr-123-456", JOURNEY.name, JOURNEY.version)


def _completed(context: Context) -> dict[tuple[str, int], Message]:
    said: list[tuple[str, EventData]] = [("producer", _START)]
    said += zip(JOURNEY.step_names, _progress(context), strict=True)
    said.append(("recruitment", _last(context)))
    messages: dict[tuple[str, int], Message] = {}
    for place, (sayer, data) in enumerate(said):
        event_id = _DONE_START if sayer == "producer" else _said_id(context, data, sayer)
        at = _DONE_AT + timedelta(milliseconds=250 * place)
        messages |= _message(context, data, sayer, event_id, at, _cause(context, sayer))
    return messages


def _undone(context: Context) -> dict[tuple[str, int], Message]:
    no = {"failed_step": "documents", "code": "DOCUMENT_EXPIRED"}
    no["reason"] = "The required document TAX_CERTIFICATE is expired."
    requested = CompensationRequested(**no, requested_by=source_of("documents"))
    failed = PartnerOnboardingFailed(**no)
    undone = CompensationCompleted(step="contract", outcome="undone")
    heard, said = _cause(context, "documents"), _said_id(context, undone, "contract")
    asked = _failure_id(context, requested)
    later = _UNDONE_AT + timedelta(milliseconds=250)
    return {
        **_message(context, requested, "documents", asked, _UNDONE_AT, heard),
        **_message(context, failed, "documents", _failure_id(context, failed), _UNDONE_AT, heard),
        **_message(context, undone, "contract", said, later, asked),
    }


def _parked(context: Context) -> dict[tuple[str, int], Message]:
    """On the dead letter topic of the step."""
    name = StepParked.__name__
    parked = ids.parked_id(context.saga_id, name, "campaigns", 2)
    where = "OddAnswerError at outside_http.py:67"
    told = StepParked(step="campaigns", state="undo_parked", where=where, attempts=3)
    redrive = {"reason": "The campaign platform is mended.", "requested_by": "ana"}
    resolve = {"reason": "Disabled by hand, ticket 4711.", "requested_by": "ana"}
    heard = _said_id(context, _progress(context)[2], "documents")
    later = _PARKED_AT + timedelta(minutes=20)
    topic = dead_letter_topic("campaigns")
    said: list[tuple[EventData, str, str, datetime, str]] = [
        (told, "campaigns", parked, _PARKED_AT, heard),
        (RedriveRequested(step="campaigns", **redrive), "cli", _REDRIVE, later, parked),
        (ResolveRequested(step="campaigns", **resolve), "cli", _RESOLVE, later, parked),
    ]
    messages: dict[tuple[str, int], Message] = {}
    for data, sayer, event_id, at, cause in said:
        messages |= _message(context, data, sayer, event_id, at, cause, topic)
    return messages


def _message(
    context: Context,
    data: EventData,
    sayer: str,
    event_id: str,
    at: datetime,
    cause: str | None,
    topic: str | None = None,
) -> dict[tuple[str, int], Message]:
    name = type(data).__name__
    source = _PRODUCER if sayer == "producer" else source_of(sayer)
    sent = binary(topic or event_topic(name), event_id, source, at, data, context, cause, _TRACE)
    whole = {
        "topic": sent.topic,
        "key": (sent.key or b"").decode(),
        "headers": {header: text.decode() for header, text in sent.headers},
        "value": _ASKED if data is _START else json.loads(sent.value or b""),
    }
    return {(name, data.VERSION): whole}


def _said_id(context: Context, data: EventData, step: str) -> str:
    return ids.said_id(context.saga_id, type(data).__name__, step)


def _failure_id(context: Context, data: EventData) -> str:
    return ids.failure_id(context.saga_id, type(data).__name__, "documents", "documents")


def _cause(context: Context, sayer: str) -> str | None:
    """The id of the event that the sayer heard."""
    if JOURNEY.step(sayer) is None:
        return None
    before = JOURNEY.before(sayer)
    return ids.said_id(context.saga_id, before.says, before.name) if before else _DONE_START


def _progress(context: Context) -> list[EventData]:
    saga = context.saga_id
    partner = Partner(partner_id=context.partner_id, kind="EMPRESA")
    contract = _contract(saga)
    given = {
        "partner": partner,
        "answer_within_seconds": 30,
        "wishes": Wishes(preferred_contract_type="PREMIUM"),
    }
    gives = contract.model_dump()
    package = DocumentPackage(number=ids.number("DP-", saga), level=contract.level)
    return [
        PartnerRegistrationCompleted(**given),
        ContractCreated(**given, contract=contract),
        DocumentsVerified(**given, contract=contract, package=package),
        CampaignsEnabled(
            **given,
            contract=contract,
            campaign_account=CampaignAccount(**{**gives, "number": ids.number("CA-", saga)}),
        ),
        RecruitmentSetupCompleted(
            partner=partner,
            contract=contract,
            workspace=Workspace(**{**gives, "number": ids.number("WS-", saga)}),
        ),
    ]


def _contract(saga: str) -> Contract:
    return Contract(
        number=ids.number("CT-", saga),
        kind="ONBOARDING",
        type="PREMIUM",
        level="ENHANCED",
        channels=("DISPLAY", "SEARCH", "SOCIAL"),
        monthly_budget=Decimal(50_000),
        currency="USD",
        seats=10,
        job_kinds=("FREELANCE", "PART_TIME", "FULL_TIME"),
    )


def _last(context: Context) -> PartnerOnboardingCompleted:
    return PartnerOnboardingCompleted(partner_id=context.partner_id, last_step=JOURNEY.last.name)


_ASKED = {
    "partner_data": {
        "nombre": "TechSolutions Inc",
        "email": "contact@techsolutions.com",
        "telefono": "+1234567890",
        "tipo_partner": "EMPRESA",
        "preferred_contract_type": "PREMIUM",
    },
    "correlation_id": "corr-123-456",
}
_START = PartnerOnboardingInitiated.model_validate(_ASKED)
