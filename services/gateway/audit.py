"""What the audit tells of an act: who did what, when, from where, why, with what outcome."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypedDict
from uuid import uuid4

from saga_state.queries import Place
from services.letters.letter import Marked

What = Literal[
    "saga.start",
    "saga.compensate",
    "saga.resolve",
    "dlq.redrive",
    "dlq.discard",
    "dlq.edit",
    "key.create",
    "key.rotate",
    "key.revoke",
    "pii.read",
    "replay.export",
    "replay.publish",
    "replay.restore",
    "replay.swap",
    "purge",
    "topics.create",
    "topics.grow",
]


OF_LETTERS: Mapping[Marked, What] = {"redriven": "dlq.redrive", "discarded": "dlq.discard"}


class Act(TypedDict):
    """A document of `onboarding_gateway.audit`. No personal data but the name of who acted.

    `who`: the name of an API key, or `user@machine` of the command line. `outcome`: `done`, else a
    code such as FORBIDDEN. `where`: an address, or `cli`. `reason`: as the person gave it.
    """

    _id: str
    at: datetime
    tenant_id: str
    who: str
    key_id: str | None
    what: str
    saga_id: str | None
    where: str
    request_id: str | None
    reason: str | None
    outcome: str


@dataclass(frozen=True, slots=True)
class AuditWanted:
    """Which acts of a tenant a list is to show; None: no matter. Times: from <= t < until."""

    saga_id: str | None = None
    who: str | None = None
    what: str | None = None
    at_from: datetime | None = None
    at_until: datetime | None = None
    after: Place | None = None

    @property
    def bounds(self) -> tuple[tuple[str, datetime | None], ...]:
        return (("$gte", self.at_from), ("$lt", self.at_until))


def act(
    at: datetime,
    tenant_id: str,
    who: str,
    what: What,
    *,
    where: str,
    outcome: str = "done",
    key_id: str | None = None,
    saga_id: str | None = None,
    request_id: str | None = None,
    reason: str | None = None,
) -> Act:
    """A record of its own, whatever was recorded before."""
    return {
        "_id": str(uuid4()),
        "at": at,
        "tenant_id": tenant_id,
        "who": who,
        "key_id": key_id,
        "what": what,
        "saga_id": saga_id,
        "where": where,
        "request_id": request_id,
        "reason": reason,
        "outcome": outcome,
    }


def act_json(act: Act) -> dict[str, Any]:
    """Its `_id` is called `act_id`."""
    stored: dict[str, Any] = dict(act)
    return {"act_id": stored.pop("_id"), **stored}
