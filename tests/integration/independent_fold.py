"""What the projection must say, told from the topics by a script that knows nothing of ours."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from tests.integration.outside import Seen

SAYS = {
    "registration": "PartnerRegistrationCompleted", "contract": "ContractCreated",
    "documents": "DocumentsVerified", "campaigns": "CampaignsEnabled",
    "recruitment": "RecruitmentSetupCompleted",
}  # fmt: skip
STATUS = (
    "INITIATED",
    "PARTNER_REGISTERED",
    "CONTRACT_CREATED",
    "DOCUMENTS_VERIFIED",
    "CAMPAIGNS_ENABLED",
)


def fold(seen: Iterable[Seen]) -> dict[str, dict[str, Any]]:
    """By saga what can be told of it."""
    sagas: dict[str, dict[tuple[str, str], Seen]] = defaultdict(dict)
    for one in seen:
        sagas[one.header("ce_sagaid")].setdefault(
            (one.header("ce_source"), one.header("ce_id")), one
        )
    return {saga: _told(list(events.values())) for saga, events in sagas.items()}


def _told(events: list[Seen]) -> dict[str, Any]:
    by_type = defaultdict(list)
    for one in sorted(events, key=lambda one: one.header("ce_time")):
        by_type[one.type].append(one)
    done = {step: by_type[says][0] for step, says in SAYS.items() if by_type[says]}
    undone = {one.body["step"]: one for one in by_type["CompensationCompleted"]}
    failed, asked = by_type["PartnerOnboardingFailed"], by_type["CompensationRequested"]
    if any(one.body["failed_step"] == "registration" for one in failed) and not done:
        status = "FAILED"
    elif failed or asked or undone:
        status = "COMPENSATED" if {"registration", *done} <= {*undone} else "COMPENSATING"
    else:
        status = "COMPLETED" if by_type["PartnerOnboardingCompleted"] else STATUS[len(done)]
    return {
        "status": status, "event_count": len(events),
        "done": {step: _ms(one) for step, one in done.items()},
        "undone": {step: _ms(one) for step, one in undone.items()},
        "code": failed[0].body["code"] if failed else None,
        "asked_by": asked[0].body["requested_by"] if asked else None,
        "partner_id": events[0].header("ce_subject"), "started": _ms(by_type["PartnerOnboardingInitiated"][0]),
    }  # fmt: skip


def as_told(saga: Mapping[str, Any]) -> dict[str, Any]:
    """The same of a document of the projection."""
    steps = {step["step"]: step for step in saga["steps"]}
    return {
        "status": saga["status"], "event_count": saga["event_count"],
        "done": {n: _iso(s["completed_at"]) for n, s in steps.items() if s["completed_at"]},
        "undone": {n: _iso(s["undone_at"]) for n, s in steps.items() if s["undone_at"]},
        "code": (saga["failure"] or {}).get("code"),
        "asked_by": (saga["compensation"] or {}).get("requested_by"),
        "partner_id": saga["partner_id"], "started": _iso(saga["initiated_at"]),
    }  # fmt: skip


def _ms(one: Seen) -> str:
    return one.header("ce_time")[:23]


def _iso(time: Any) -> str:
    return str(time.isoformat(timespec="milliseconds")[:23])
