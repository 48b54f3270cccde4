"""Writes into the audit what a caller did, or tried to."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog

from services.gateway.access import Caller
from services.gateway.audit import What, act
from services.gateway.ground import Ground
from services.gateway.problems import Problem, Unavailable

SECONDS = 3.0
log = structlog.get_logger()


@dataclass(slots=True)
class Deed:
    """What is known of an act by its end. `repeat_by` goes into the answer if the act was done and
    could not be recorded: what makes its repeat the same act."""

    saga_id: str | None = None
    reason: str | None = None
    repeat_by: Mapping[str, str] = field(default_factory=dict)


@asynccontextmanager
async def audited(on: Ground, caller: Caller, what: What) -> AsyncIterator[Deed]:
    """What is done in the block is recorded with its outcome. A change that was done but cannot be
    recorded is answered Unavailable: its repeat is harmless, and is recorded then. It is recorded
    also when the time for an answer is over meanwhile."""
    deed = Deed()
    try:
        yield deed
    except Problem as problem:
        deed.saga_id = deed.saga_id or problem.saga_id
        await _surely(on, caller, what, deed, problem.codigo)
        raise
    except BaseException:  # cancelled, or unforeseen: perhaps it was done
        await _surely(on, caller, what, deed, "UNKNOWN")
        raise
    if not await _surely(on, caller, what, deed, "done"):
        line = "it was done, but the audit could not be written; repeat it"
        raise Unavailable(line, **deed.repeat_by)


async def _surely(on: Ground, caller: Caller, what: What, deed: Deed, outcome: str) -> bool:
    """It goes on though who waits for it is cancelled; a stop of the process waits for it."""
    task = asyncio.create_task(record(on, caller, what, deed, outcome))
    on.recording.add(task)
    task.add_done_callback(on.recording.discard)
    return await asyncio.shield(task)


async def record(on: Ground, caller: Caller, what: What, deed: Deed, outcome: str) -> bool:
    """Add a record; False if the database did not take it in time, which is logged."""
    told = act(
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
            await on.acts.add(told)
    except Exception as error:
        log.warning("audit.not_written", what=what, error=type(error).__name__)
        return False
    return True
