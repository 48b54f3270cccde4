"""GET /dashboard/sagas/{id}/changes: says that a saga has changed, for its page to ask anew."""

import itertools
import time
from collections.abc import AsyncIterator

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from services.gateway.dashboard.sessions import digest_of
from services.gateway.dashboard.visits import Looks, Visit
from services.gateway.finding import the_one
from services.gateway.ground import Ground, On
from services.gateway.routes.streams import (
    KEEP_ALIVE_SECONDS,
    RETRY_MS,
    kept,
    may_go_on,
    pause,
)

SESSION_EVERY = 10  # looks: each asks the database
router = APIRouter(include_in_schema=False)


@router.get("/dashboard/sagas/{any_id}/changes", response_class=StreamingResponse)
async def changes(any_id: str, on: On, visit: Looks, seen: int = 0) -> StreamingResponse:
    """Server-sent events: `changed`, twice a second at most, whatever came in between; the first
    at once if it is of another revision than was `seen`."""
    saga_id = (await the_one(on, visit.caller.tenant_id, any_id))["saga_id"]
    place = on.streams.begin(visit.caller.key_id or visit.caller.name)
    return StreamingResponse(
        kept(on, place, _stream(on, visit, saga_id, seen)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _stream(on: Ground, visit: Visit, saga_id: str, seen: int) -> AsyncIterator[bytes]:
    """Ends when the process stops, the key counts no longer, or the session has ended."""
    yield f"retry: {RETRY_MS}\n\n".encode()
    said_at = time.monotonic()
    for looks in itertools.count():
        if on.stopping.is_set() or not await _may(on, visit, looks):
            return
        revision = await _revision(on, saga_id)
        if revision != seen:
            seen, said_at = revision, time.monotonic()
            yield f"event: changed\ndata: {revision}\n\n".encode()
        elif time.monotonic() - said_at > KEEP_ALIVE_SECONDS:
            said_at = time.monotonic()
            yield b": still here\n\n"
        await pause(on)


async def _may(on: Ground, visit: Visit, looks: int) -> bool:
    if not await may_go_on(on, visit.caller):
        return False
    if not visit.has_session or looks % SESSION_EVERY:
        return True
    return await on.sessions.find(digest_of(visit.token), on.now()) is not None


async def _revision(on: Ground, saga_id: str) -> int:
    """0: the projection has not seen it yet."""
    found = await on.whole_sagas.read_sagas([saga_id])
    return found[saga_id]["revision"] if found else 0
