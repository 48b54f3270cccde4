"""Writes into the audit what a caller did, or tried to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from services.gateway.access import Caller
from services.gateway.audit import What, act
from services.gateway.ground import Ground
from services.gateway.problems import Problem, Unavailable

SECONDS = 5.0
log = structlog.get_logger()


@dataclass(slots=True)
class Deed:
    """What is known of an act by its end."""

    saga_id: str | None = None
    reason: str | None = None


@asynccontextmanager
async def audited(on: Ground, caller: Caller, what: What) -> AsyncIterator[Deed]:
    """What is done in the block is recorded with its outcome. A change that was done but cannot be
    recorded is answered Unavailable: its repeat is harmless, and is recorded then."""
    deed = Deed()
    try:
        yield deed
    except Problem as problem:
        await _record(on, caller, what, deed, problem.codigo)
        raise
    if not await _record(on, caller, what, deed, "done"):
        raise Unavailable("it was done, but the audit could not be written; repeat it")


async def _record(on: Ground, caller: Caller, what: What, deed: Deed, outcome: str) -> bool:
    record = act(
        on.now(),
        caller.tenant_id,
        caller.name,
        what,
        where=caller.address,
        outcome=outcome,
        key_id=caller.key_id,
        saga_id=deed.saga_id,
        request_id=caller.request_id,
        reason=deed.reason,
    )
    try:
        async with asyncio.timeout(SECONDS):
            await on.acts.add(record)
    except Exception as error:
        log.warning("audit.not_written", what=what, error=type(error).__name__)
        return False
    return True
