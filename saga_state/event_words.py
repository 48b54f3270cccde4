"""What an event tells, in a few words and without personal data."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from contracts.events import event_names
from contracts.masking import word_of
from saga_state.document import StoredEvent

Words = Callable[[Mapping[str, Any]], str]


def said_by(event: StoredEvent) -> str:
    """`contract` for `/services/contract`; another producer's source as it is."""
    return event["source"].removeprefix("/services/")


def words_of(event: StoredEvent) -> str:
    """What it tells; empty where it cannot be told."""
    data, tell = event["data"], _WORDS.get(event["type"])
    if tell is None or not isinstance(data, dict):
        return ""
    try:
        return tell(data)
    except (KeyError, TypeError, AttributeError):  # stored as it came: any JSON object
        return ""


def in_time(events: Iterable[StoredEvent]) -> list[StoredEvent]:
    """By time; what a step said at one moment, in the order in which it reads well."""
    return sorted(events, key=_time_then_journey)


def _time_then_journey(event: StoredEvent) -> tuple[datetime, int]:
    names = event_names()
    place = names.index(event["type"]) if event["type"] in names else len(names)
    return event["time"], place


def _asked(data: Mapping[str, Any]) -> str:
    partner = data["partner_data"]
    asked = ("tipo_partner", "preferred_contract_type")
    return ", ".join(word_of(name, partner[name]) for name in asked if partner.get(name))


def _registered(data: Mapping[str, Any]) -> str:
    partner = data["partner"]
    return " ".join(filter(None, (partner["kind"], partner.get("country"))))


def _contract(data: Mapping[str, Any]) -> str:
    contract = data["contract"]
    return f"{contract['number']}, {contract['kind']} {contract['type']}"


def _documents(data: Mapping[str, Any]) -> str:
    return f"{data['package']['number']}, level {data['package']['level']}"


def _campaigns(data: Mapping[str, Any]) -> str:
    account = data["campaign_account"]
    budget = f"{account['monthly_budget']} {account['currency']} a month"
    return f"{account['number']}, {budget}, {' '.join(account['channels'])}"


def _recruitment(data: Mapping[str, Any]) -> str:
    workspace = data["workspace"]
    jobs = " ".join(workspace["job_kinds"])
    return f"{workspace['number']}, {workspace['seats']} seats, {jobs}"


def _completed(data: Mapping[str, Any]) -> str:
    return f"the last step was {data['last_step']}"


def _failed(data: Mapping[str, Any]) -> str:
    return f"{data['failed_step']}: {data['code']}. {data['reason']}"


def _requested(data: Mapping[str, Any]) -> str:
    step = data["failed_step"]
    what = f"undo what was done before {step}" if step else "undo everything"
    return f"{what}, asked by {data['requested_by'].removeprefix('/services/')}"


def _parked(data: Mapping[str, Any]) -> str:
    what = "its undo is parked" if data["state"] == "undo_parked" else "parked"
    return f"{data['step']}: {what}, tries: {data['attempts']}, {data['where']}"


def _wished(data: Mapping[str, Any]) -> str:
    return f"{data['step']}: asked by {data['requested_by']}, {data['reason']}"


def _undone(data: Mapping[str, Any]) -> str:
    return f"{data['step']}: {data['outcome']}"


_WORDS: Mapping[str, Words] = {
    "PartnerOnboardingInitiated": _asked,
    "PartnerRegistrationCompleted": _registered,
    "ContractCreated": _contract,
    "DocumentsVerified": _documents,
    "CampaignsEnabled": _campaigns,
    "RecruitmentSetupCompleted": _recruitment,
    "PartnerOnboardingCompleted": _completed,
    "PartnerOnboardingFailed": _failed,
    "CompensationRequested": _requested,
    "CompensationCompleted": _undone,
    "StepParked": _parked,
    "RedriveRequested": _wished,
    "ResolveRequested": _wished,
}
