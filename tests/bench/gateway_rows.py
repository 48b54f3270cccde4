"""Sagas for lists to choose from: of every status, step, journey, failure and age.

Each is made of one saga that ran, so that its form and size are those of a real one; the same
number always makes the same saga.
"""

import random
import sys
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.journey import JOURNEYS
from saga_state.queries import UNENDED

AT_ONCE = 5_000
OLDEST = timedelta(days=90)
CODES = ("INVALID_PARTNER_DATA", "CONTRACT_TYPE_NOT_ALLOWED", "DOCUMENT_EXPIRED", "TERMS_INVALID")
ENDED = {"COMPLETED": 80, "FAILED": 8, "COMPENSATED": 5}  # of a hundred; the others are under way
_FIVE = next(one for one in JOURNEYS.values() if one.name == "partner-onboarding").step_names
Document = dict[str, Any]


def saga_id(number: int) -> str:
    """Of the saga of that number."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"bench/{number}"))


def partner_id(number: int) -> str:
    """Of the partner of that saga."""
    return f"partner-{number:08d}"


def correlation_id(number: int) -> str:
    """As its caller gave it."""
    return f"corr-{number:08d}"


async def fill(sagas: Any, count: int) -> None:
    """Insert that many beside the one that is there, and have them written to the disk, so that
    it costs the measurement nothing; shows how far it is on standard error."""
    like, now = await sagas.find_one(), datetime.now(UTC)
    for begin in range(0, count, AT_ONCE):
        end = min(begin + AT_ONCE, count)
        await sagas.insert_many([_row(like, one, now) for one in range(begin, end)], ordered=False)
        print(f"\r{end:,} of {count:,} stored", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    await sagas.database.client.admin.command("fsync")


def _row(like: Mapping[str, Any], number: int, now: datetime) -> Document:
    chance = random.Random(number)  # no secret is made of it
    at = now - OLDEST * chance.random()
    journey = chance.choices([one.name for one in JOURNEYS.values()])[0]
    ids = {"_id": saga_id(number), "partner_id": partner_id(number)}
    ids |= {"correlation_id": correlation_id(number), "partner_hash": f"{number:064x}"}
    times = {"initiated_at": at, "updated_at": at + timedelta(seconds=30 * chance.random())}
    return {**like, **ids, **times, "journey": journey, **_state(chance, at, now)}


def _state(chance: random.Random, at: datetime, now: datetime) -> Document:
    waiting = 100 - sum(ENDED.values())
    status = chance.choices([*ENDED, "under way"], [*ENDED.values(), waiting])[0]
    if status == "under way":
        # half of those that wait are late
        due_at = now + timedelta(hours=chance.uniform(-24, 24))
        step, under_way = chance.choice(_FIVE), chance.choice(sorted(UNENDED))
        return {"status": under_way, "current_step": step, "due_at": due_at, "ended_at": None}
    if status == "COMPLETED":
        return {"status": status}
    code = chance.choice(CODES)
    failure = {"step": _FIVE[0], "code": code, "reason": "as the bench has it", "at": at}
    return {"status": status, "failure": failure}
