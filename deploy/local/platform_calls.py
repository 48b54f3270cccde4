"""What a call to the sandbox platform must look like, and how it is answered."""

import re
from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web

from deploy.local.platform_effects import GONE, OK, Effect
from deploy.local.platform_faults import SYSTEMS

BODY_BYTES = 64 * 1024
_SAGA = re.compile(r"[A-Za-z0-9._-]{1,256}")


class WrongCallError(Exception):
    """The call is not as the contract has it; one line that says how."""


def place_of(request: web.Request) -> tuple[str, str]:
    """Step and saga of the path. A wrong address is no business no: it has no problem body."""
    step, saga = request.match_info["step"], request.match_info["saga"]
    if step not in SYSTEMS or not _SAGA.fullmatch(saga):
        raise web.HTTPNotFound(text=f"write /<{'|'.join(SYSTEMS)}>/<saga id>")
    return step, saga


def key_of(request: web.Request, wanted: str) -> str:
    """The Idempotency-Key, which must be that of the path."""
    if request.headers.get("Idempotency-Key") != wanted:
        raise WrongCallError("Idempotency-Key must be <saga id>:<step>:<do|undo>, as in the path")
    return wanted


async def json_of(request: web.Request) -> dict[str, Any]:
    """The body. One that is too large is answered 413."""
    try:
        body = orjson.loads(await request.read())
    except orjson.JSONDecodeError as error:
        raise WrongCallError(f"the body is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise WrongCallError("the body must be a JSON object")
    return body


def partner_id_of(body: Mapping[str, Any]) -> str:
    partner_id = body.get("partner_id")
    if not isinstance(partner_id, str) or not 1 <= len(partner_id) <= 256:
        raise WrongCallError("partner_id must be text of 1 to 256 characters")
    return partner_id


def answer_of(effect: Effect) -> web.Response:
    """A call that comes again is answered as the first one was."""
    if effect.status == OK:
        return json_answer({"state": "created", "partner_id": effect.partner_id})
    if effect.status == GONE:
        return problem(GONE, "It was undone before it was done.")
    return problem(effect.status, "The sandbox was told to refuse it.")


def json_answer(content: Mapping[str, Any], status: int = 200) -> web.Response:
    return web.json_response(body=orjson.dumps(content), status=status)


def problem(status: int, detail: str) -> web.Response:
    """RFC 9457."""
    body = orjson.dumps({"type": "about:blank", "status": status, "detail": detail})
    return web.Response(body=body, status=status, content_type="application/problem+json")
