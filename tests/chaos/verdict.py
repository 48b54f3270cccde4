"""What the topics say of it all: folded by a few lines that share nothing with our code."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from tests.integration.outside import Seen

STATUS_AFTER = {
    "PartnerRegistrationCompleted": "PARTNER_REGISTERED",
    "ContractCreated": "CONTRACT_CREATED",
    "DocumentsVerified": "DOCUMENTS_VERIFIED",
    "CampaignsEnabled": "CAMPAIGNS_ENABLED",
    "RecruitmentSetupCompleted": "COMPLETED",
    "PartnerOnboardingCompleted": "COMPLETED",
}
NUMBERS = {"contract": "CT-", "package": "DP-", "campaign_account": "CA-", "workspace": "WS-"}
ByType = Mapping[str, list[Seen]]


def sagas_of(events: Iterable[Seen]) -> dict[str, dict[str, list[Seen]]]:
    """What the services said, by saga and type."""
    sagas: dict[str, dict[str, list[Seen]]] = defaultdict(lambda: defaultdict(list))
    for one in events:
        if saga := one.header("ce_sagaid"):
            sagas[saga][one.type].append(one)
    return sagas


def status_of(said: ByType) -> str:
    """Of a saga that nobody undoes: the furthest that was said."""
    return [status for name, status in STATUS_AFTER.items() if name in said][-1]


def differing(said: ByType) -> list[str]:
    """The types that were said under two ids, with two bodies or two sets of headers."""
    return [
        name
        for name, records in said.items()
        if len({(one.header("ce_id"), one.value, tuple(one.headers)) for one in records}) != 1
    ]


def numbers_of(said: ByType) -> dict[str, set[str]]:
    """Per kind (contract, package, ...) the numbers that the saga's events name."""
    found: dict[str, set[str]] = {kind: set() for kind in NUMBERS}
    for records in said.values():
        for one in records:
            body: dict[str, Any] = one.body
            for kind in NUMBERS:
                if kind in body:
                    found[kind].add(body[kind]["number"])
    return found
