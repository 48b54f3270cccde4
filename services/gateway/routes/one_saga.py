"""One saga, by any id of it: where it stands, whole, its events; and to have it undone."""

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response

from contracts.masking import masked_data
from saga_state.document import StoredEvent
from saga_state.shown import event_json
from services.gateway.access import Caller, Compensates, Reads, require
from services.gateway.answers import Compensate, Requested, SagaAnswer, Timeline
from services.gateway.auditing import audited
from services.gateway.bodies import body_of, described
from services.gateway.compensating import (
    check_step,
    refuse_other_plan,
    request_undo,
    the_one_to_undo,
)
from services.gateway.finding import Shown, found, the_one
from services.gateway.ground import Ground, On
from services.gateway.problems import NoMethod
from services.gateway.replies import JSON, json_bytes, reply

EVENTS_MOST = 1_000
STARTS = frozenset({"partner-onboarding"})  # routes of POST, and no ids: they are reserved words
router = APIRouter(tags=["onboarding"])
_NONE = {"x-problems": {"404": "No saga, partner or correlation id of that name."}}
_SEVERAL = {"x-problems": {**_NONE["x-problems"], "409": "It stands for several sagas: all ids."}}
_NOT_NOW = "There is nothing to undo, or the plan is another one now."
Unmasked = Annotated[
    bool, Query(description="With personal data; needs pii:read, and is recorded in the audit.")
]


@router.get("/sagas/{any_id}/status", response_model=SagaAnswer, openapi_extra=_NONE)
async def status(
    any_id: str,
    on: On,
    caller: Reads,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Where a saga stands; of several that an id stands for, the newest. ETag and 304."""
    body = json_bytes((await found(on, caller.tenant_id, any_id))[0].saga)
    tag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if if_none_match and _matches(tag, if_none_match):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=JSON, headers=headers)


def _matches(tag: str, told: str) -> bool:
    """Weakly (RFC 9110, 13.1.2): a proxy that packs an answer weakens its tag."""
    tags = {one.strip().removeprefix("W/") for one in told.split(",")}
    return bool({tag, "*"} & tags)


@router.get("/sagas/{any_id}", response_model=SagaAnswer, openapi_extra=_SEVERAL)
async def whole(any_id: str, on: On, caller: Reads) -> Response:
    """The whole document of one saga."""
    if any_id in STARTS:
        raise NoMethod({"Allow": "POST"})
    return reply(await the_one(on, caller.tenant_id, any_id))


@router.get("/sagas/{any_id}/timeline", response_model=Timeline, openapi_extra=_SEVERAL)
async def timeline(any_id: str, on: On, caller: Reads, unmasked: Unmasked = False) -> Response:
    """What was said in a saga, in time."""
    if not unmasked:
        saga, events = await _timeline(on, caller, any_id)
        return _events_of(saga, [masked_event(one) for one in events])
    async with audited(on, caller, "pii.read") as deed:
        require(caller, "pii:read")
        saga, events = await _timeline(on, caller, any_id)
        deed.saga_id = saga["saga_id"]
    return _events_of(saga, [event_json(one, True) for one in events])


async def _timeline(on: Ground, caller: Caller, any_id: str) -> tuple[Shown, list[StoredEvent]]:
    saga = await the_one(on, caller.tenant_id, any_id)
    return saga, await on.sagas.timeline(caller.tenant_id, saga["saga_id"], EVENTS_MOST)


def _events_of(saga: Shown, events: list[dict[str, Any]]) -> Response:
    return reply({"saga_id": saga["saga_id"], "status": saga["status"], "events": events})


@router.post(
    "/sagas/{any_id}/compensate",
    status_code=202,
    response_model=Requested,
    openapi_extra=described(Compensate, _404="No such saga.", _409=_NOT_NOW),
)
async def compensate(any_id: str, request: Request, on: On, caller: Compensates) -> dict[str, Any]:
    """Have everything undone that was done, in reverse order; of a completed saga too. To ask
    twice does no harm."""
    return await have_undone(on, caller, any_id, await body_of(request, Compensate))


async def have_undone(on: Ground, caller: Caller, any_id: str, asked: Compensate) -> dict[str, Any]:
    """Asked for, and in the audit, whatever comes of it. NotThere, Conflict, Unprocessable."""
    async with audited(on, caller, "saga.compensate") as deed:
        deed.reason = asked.reason
        sagas = await found(on, caller.tenant_id, any_id)
        saga = the_one_to_undo([one.saga for one in sagas])
        deed.saga_id = saga["saga_id"]
        check_step(saga, asked.failed_step)
        refuse_other_plan(saga, asked)
        return await request_undo(on, saga, asked, caller.name)


def masked_event(event: StoredEvent) -> dict[str, Any]:
    """As it is shown to whoever may not see personal data. Its key is what a producer chose."""
    told = event_json(event, False)
    return {**told, "key": None, "data": masked_data(event["type"], event["data"])}
