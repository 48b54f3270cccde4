"""The routes of the sandbox platform."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from deploy.local.platform_calls import (
    BODY_BYTES,
    WrongCallError,
    answer_of,
    json_answer,
    json_of,
    key_of,
    partner_id_of,
    place_of,
    problem,
)
from deploy.local.platform_effects import Effects, LogFullError
from deploy.local.platform_faults import Call, FaultRefusedError, Faults, Kind, shown

EFFECTS, FAULTS = web.AppKey("effects", Effects), web.AppKey("faults", Faults)
Struck = Mapping[Kind, float]
Act = Callable[[Struck], web.Response]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def build_app(effects: Effects, api_key: str | None = None) -> web.Application:
    """With a key, all but /livez ask for it."""
    app = web.Application(client_max_size=BODY_BYTES, middlewares=[_with_key(api_key), _problems])
    app[EFFECTS], app[FAULTS] = effects, Faults()
    app.add_routes(
        [
            web.get("/livez", _livez),
            web.get("/faults", _show_faults),
            web.post("/faults", _tell_fault),
            web.delete("/faults", _end_faults),
            web.put("/{step}/{saga}", _do),
            web.delete("/{step}/{saga}", _undo),
            web.get("/{step}/{saga}", _show),
        ]
    )
    return app


async def _do(request: web.Request) -> web.Response:
    step, saga = place_of(request)
    key = key_of(request, f"{saga}:{step}:do")
    partner_id = partner_id_of(await json_of(request))
    effects = request.app[EFFECTS]

    def act(struck: Struck) -> web.Response:
        if "ignore_keys" in struck:
            return answer_of(effects.do_anew(step, saga, key, partner_id))
        return answer_of(effects.do(step, saga, key, partner_id, "refuse" in struck))

    return await _faulty(request, Call("PUT", step, saga, partner_id), act)


async def _undo(request: web.Request) -> web.Response:
    step, saga = place_of(request)
    key = key_of(request, f"{saga}:{step}:undo")
    effects = request.app[EFFECTS]
    known = effects.deciding(step, saga)

    def act(_struck: Struck) -> web.Response:
        effects.undo(step, saga, key)
        return web.Response(status=204)

    call = Call("DELETE", step, saga, known.partner_id if known else None)
    return await _faulty(request, call, act)


async def _show(request: web.Request) -> web.Response:
    known = request.app[EFFECTS].deciding(*place_of(request))
    if known is None:
        raise web.HTTPNotFound(text="nothing is known of it")
    return json_answer({"state": known.what, "partner_id": known.partner_id, "key": known.key})


async def _faulty(request: web.Request, call: Call, act: Act) -> web.Response:
    """A slow call does its work late, also when its caller has gone; a lost one has done it."""
    struck = request.app[FAULTS].striking(call)
    await asyncio.sleep(struck.get("slow", 0))
    if "error" in struck:
        return problem(500, "The sandbox was told to fail.")
    if "bug" in struck:
        return web.Response(status=418, text="The sandbox was told to be misunderstood.")
    answer = act(struck)
    if "lose" in struck and request.transport:
        request.transport.abort()
    return answer


async def _tell_fault(request: web.Request) -> web.Response:
    try:
        told = request.app[FAULTS].tell(await json_of(request))
    except FaultRefusedError as error:
        raise WrongCallError(str(error)) from None
    return json_answer(shown(told), status=201)


async def _show_faults(request: web.Request) -> web.Response:
    return json_answer({"faults": request.app[FAULTS].shown()})


async def _end_faults(request: web.Request) -> web.Response:
    request.app[FAULTS].told.clear()
    return web.Response(status=204)


async def _livez(_request: web.Request) -> web.Response:
    return json_answer({"status": "pass"})


@web.middleware
async def _problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except WrongCallError as error:
        return problem(400, str(error))
    except (LogFullError, OSError):
        return problem(503, "The log of effects cannot be written: nothing was done.")


def _with_key(api_key: str | None) -> Any:
    wanted = f"Bearer {api_key}".encode()

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode(errors="replace")
        if api_key and request.path != "/livez" and not secrets.compare_digest(given, wanted):
            raise web.HTTPUnauthorized(text="the API key is missing or wrong")
        return await handler(request)

    return check
