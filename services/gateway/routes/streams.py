"""GET /sagas/{id}/events: what is said in a saga, as it is said (server-sent events)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse

from saga_state.document import StoredEvent
from services.gateway import metrics
from services.gateway.access import Caller, Reads
from services.gateway.finding import Shown, the_one
from services.gateway.ground import Ground, On
from services.gateway.problems import TooMany
from services.gateway.replies import json_bytes
from services.gateway.routes.one_saga import EVENTS_MOST, masked_event

LOOK_SECONDS, KEEP_ALIVE_SECONDS, RETRY_MS = 0.5, 15.0, 2_000
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
    Last-Event-ID leaves out what was sent until that event; some may come twice."""
    saga = await the_one(on, caller.tenant_id, any_id)
    if metrics.open_streams() >= on.settings.gateway_streams_max:
        raise TooMany("as many event streams are open as this gateway serves", 5)
    return StreamingResponse(
        _stream(on, caller, saga, last_event_id),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _stream(
    on: Ground, caller: Caller, saga: Shown, last_id: str | None
) -> AsyncIterator[bytes]:
    """Ends when the process stops, or the client has gone (then it is cancelled)."""
    with metrics.STREAMS.track_inprogress():
        yield f"retry: {RETRY_MS}\n\n".encode()
        sent: set[str] = set()
        status, quiet = "", 0.0
        while not on.stopping.is_set():
            known = await on.sagas.timeline(caller.tenant_id, saga["saga_id"], EVENTS_MOST)
            if not sent and last_id:
                sent |= _until(known, last_id)
            fresh = [one for one in known if one["_id"] not in sent]
            sent |= {one["_id"] for one in fresh}
            for one in fresh:
                yield _message(one["type"], masked_event(one), one["event_id"])
            if fresh and (now := await _status(on, saga)) != status:
                status = now
                yield _message("status", {"saga_id": saga["saga_id"], "status": status})
            quiet = 0.0 if fresh else quiet + LOOK_SECONDS
            if quiet >= KEEP_ALIVE_SECONDS:
                quiet = 0.0
                yield b": still here\n\n"
            await _pause(on)


async def _pause(on: Ground) -> None:
    try:
        await asyncio.wait_for(on.stopping.wait(), LOOK_SECONDS)
    except TimeoutError:
        return


async def _status(on: Ground, saga: Shown) -> str:
    found = await on.sagas.read_sagas([saga["saga_id"]])
    return found[saga["saga_id"]]["status"] if found else str(saga["status"])


def _until(known: list[StoredEvent], last_id: str) -> set[str]:
    """What the projection had seen before the event that was sent last: events come to it in any
    order, so their own times do not tell."""
    seen = [one["recorded_at"] for one in known if one["event_id"] == last_id]
    return {one["_id"] for one in known if seen and one["recorded_at"] < seen[0]} | {
        one["_id"] for one in known if one["event_id"] == last_id
    }


def _message(kind: str, data: dict[str, Any], id_: str | None = None) -> bytes:
    lines = [f"event: {kind}", f"data: {json_bytes(data).decode()}"]
    if id_ is not None and "\n" not in id_ and "\r" not in id_ and "\0" not in id_:
        lines.insert(0, f"id: {id_}")
    return ("\n".join(lines) + "\n\n").encode()
