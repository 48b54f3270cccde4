"""GET /sagas/{id}/events: what is said in a saga, as it is said (server-sent events)."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse

from saga_state.document import StoredEvent
from services.gateway.access import Caller, Reads
from services.gateway.finding import the_one
from services.gateway.ground import Ground, On
from services.gateway.replies import json_bytes
from services.gateway.routes.one_saga import EVENTS_MOST, masked_event

LOOK_SECONDS, KEEP_ALIVE_SECONDS, RETRY_MS = 0.5, 15.0, 2_000
OVERLAP = timedelta(minutes=1)
router = APIRouter(tags=["onboarding"])
_MESSAGE = {
    "type": "object",
    "properties": {
        "event": {"type": "string"},
        "id": {"type": "string"},
        "data": {"type": "string"},
        "retry": {"type": "integer"},
    },
}
_ABOUT: dict[str, Any] = {
    "x-problems": {"404": "No such saga.", "409": "It stands for several sagas: all ids."},
    "responses": {
        "200": {
            "description": "`event:` its type, `id:` its event_id, `data:` as in the timeline; and "
            "`event: status` whenever the status changes.",
            "content": {"text/event-stream": {"schema": _MESSAGE}},
        }
    },
}


@router.get("/sagas/{any_id}/events", openapi_extra=_ABOUT, response_class=StreamingResponse)
async def events(
    any_id: str,
    on: On,
    caller: Reads,
    last_event_id: Annotated[str | None, Header()] = None,
) -> StreamingResponse:
    """The events of a saga from its first, then as they come; masked. After a break the header
    Last-Event-ID leaves out what was known long before that event; some may come twice."""
    saga = await the_one(on, caller.tenant_id, any_id)
    place = on.streams.begin(caller.key_id or caller.name)
    return StreamingResponse(
        kept(on, place, _stream(on, caller, saga["saga_id"], last_event_id)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def kept(on: Ground, place: str, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The stream, whose place is free again when it has ended, or its client has gone."""
    try:
        async for one in stream:
            yield one
    finally:
        on.streams.end(place)


async def _stream(
    on: Ground, caller: Caller, saga_id: str, last_id: str | None
) -> AsyncIterator[bytes]:
    """Ends when the process stops, or the key counts no longer."""
    yield f"retry: {RETRY_MS}\n\n".encode()
    sent: set[str] = set()
    status, said_at = "", time.monotonic()
    for looks in itertools.count():
        if on.stopping.is_set() or not await may_go_on(on, caller):
            return
        known = await on.sagas.timeline(caller.tenant_id, saga_id, EVENTS_MOST)
        if looks == 0 and last_id:
            sent |= _long_before(known, last_id)
        said = [one for one in known if one["_id"] not in sent]
        sent |= {one["_id"] for one in said}
        for one in said:
            yield _message(one["type"], masked_event(one), one["event_id"])
        now = await _status(on, saga_id)
        if now not in (None, status):
            status = str(now)
            yield _message("status", {"saga_id": saga_id, "status": status})
        elif not said and time.monotonic() - said_at < KEEP_ALIVE_SECONDS:
            await pause(on)
            continue
        elif not said:
            yield b": still here\n\n"
        said_at = time.monotonic()
        await pause(on)


async def may_go_on(on: Ground, caller: Caller) -> bool:
    """Whether the key still counts: a stream outlives many requests. The ring knows for as long as
    it may count elsewhere, so that to ask at each look costs nothing, and adds nothing to that."""
    if caller.key_id is None:
        return True
    return await on.ring.still_counts(caller.key_id, "sagas:read")


async def pause(on: Ground) -> None:
    """Until the next look; over at once when the process stops."""
    try:
        await asyncio.wait_for(on.stopping.wait(), LOOK_SECONDS)
    except TimeoutError:
        return


async def _status(on: Ground, saga_id: str) -> str | None:
    """None: the projection has not seen it yet."""
    found = await on.sagas.read_sagas([saga_id])
    return found[saga_id]["status"] if found else None


def _long_before(known: list[StoredEvent], last_id: str) -> set[str]:
    """That event, and what the projection had seen long before it. Events come to it in any order
    and by several workers, so that of the last minute before it some may not have been sent."""
    last = [one for one in known if one["event_id"] == last_id]
    if not last:
        return set()
    until = last[0]["recorded_at"] - OVERLAP
    return {last[0]["_id"], *(one["_id"] for one in known if one["recorded_at"] < until)}


def _message(kind: str, data: dict[str, Any], id_: str | None = None) -> bytes:
    lines = [f"event: {kind}", f"data: {json_bytes(data).decode()}"]
    if id_ is not None and "\n" not in id_ and "\r" not in id_ and "\0" not in id_:
        lines.insert(0, f"id: {id_}")
    return ("\n".join(lines) + "\n\n").encode()
