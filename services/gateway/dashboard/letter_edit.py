"""To mend the record of a dead letter and send it: looked at by the rules of its hearers first."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from contracts.envelope import Event
from services.gateway.access import note_refusal, require
from services.gateway.auditing import audited
from services.gateway.dashboard.forms import form_of
from services.gateway.dashboard.letter_acts import publish, reason_in
from services.gateway.dashboard.letter_reading import letters_now, the_one
from services.gateway.dashboard.letters import PATH
from services.gateway.dashboard.rendering import page, path_of
from services.gateway.dashboard.visits import SeesPersonal, Visit
from services.gateway.ground import Ground, On
from services.gateway.problems import Conflict, Problem, Unavailable, Unprocessable
from services.gateway.roles import Scope
from services.letters.changing import StillBadError, edited, event_in, headers_in
from services.letters.chosen import Act, Which, twins_of
from services.letters.letter import Letter
from services.letters.sending import deal_with

BESIDE: tuple[Scope, ...] = ("dlq:read", "dlq:write")  # the scope that each route asks for
ENCODED = 3  # so much longer a form may be than its text
router = APIRouter(include_in_schema=False)


@router.get(PATH + "/{letter_id}/edit")
async def edit(request: Request, on: On, visit: SeesPersonal, letter_id: str) -> Response:
    """Its value as it is: who opens this sees personal data, and stands in the audit."""
    async with audited(on, visit.caller, "pii.read") as deed:
        letter, _ = await _meant(on, visit, letter_id)
        deed.reason = f"letter {letter.id}"
        (whole,) = await on.letters.whole([letter])
        try:
            text = (whole.record.value or b"").decode()
        except UnicodeDecodeError:
            raise Conflict("NO_TEXT", f"its value is no text: {_by_hand(letter)}") from None
        if len(text.encode()) * ENCODED > on.settings.gateway_body_max_bytes:
            raise Conflict("TOO_LARGE", f"its value is too large for a form: {_by_hand(letter)}")
    return _page(request, visit, whole, {"value": text})


@router.post(PATH + "/{letter_id}/edit")
async def send(request: Request, on: On, visit: SeesPersonal, letter_id: str) -> Response:
    """Only looked at (`way` is `look`), or sent."""
    told = await form_of(request, visit.token, on.settings.gateway_body_max_bytes)
    if not visit.caller.scopes.issuperset(BESIDE):
        await note_refusal(on, visit.caller, "dlq.edit")
    letter, letters = await _meant(on, visit, letter_id)
    try:
        (letter,) = await on.letters.whole([letter])
        changed, event = _mended(on, letter, told)
        if told.get("way") != "send":
            return _page(request, visit, letter, told, event=event)
        reason = reason_in(told)
        if letter.now != "open":
            raise Conflict("DEALT_WITH", f"It was {letter.now} in the meantime.")
        async with audited(on, visit.caller, "dlq.edit") as deed:
            deed.saga_id, deed.reason = event.context.saga_id, reason
            act = Act("redriven", Which(), reason, visit.caller.name, way="gateway")
            pile = twins_of(changed, letters)
            await deal_with([pile], act, str(uuid4()), lambda some: publish(on, some))
    except (Conflict, Unprocessable, Unavailable) as problem:
        return _page(request, visit, letter, told, problem)
    return RedirectResponse(f"{PATH}/{path_of(letter_id)}?asked", 303)


def _mended(on: Ground, letter: Letter, told: Mapping[str, str]) -> tuple[Letter, Event]:
    """Unprocessable if its hearers could not read it either."""
    lines = [one.strip() for one in told.get("headers", "").splitlines() if one.strip()]
    try:
        headers = headers_in(lines)
    except ValueError as error:
        line = f"Headers are NAME=VALUE, a line each; {str(error)[:40]!r} is not."
        raise Unprocessable("INVALID_REQUEST", line) from None
    changed = edited(letter, told.get("value", "").encode(), headers)
    try:
        event = event_in(changed, on.reader, on.settings.prefix)
    except StillBadError as error:
        raise Unprocessable("STILL_BAD", f"Nothing was sent: {error}.") from None
    if event.context.tenant_id != letter.tenant_id:
        line = "Nothing was sent: it would be a record of another tenant."
        raise Unprocessable("OTHER_TENANT", line)
    return changed, event


async def _meant(on: Ground, visit: Visit, letter_id: str) -> tuple[Letter, list[Letter]]:
    """NotThere; NotAllowed; Conflict for what has no value to edit."""
    for scope in BESIDE:
        require(visit.caller, scope)
    told = await letters_now(on, visit)
    letter = the_one(told, letter_id, "")
    if letter.parked is not None or letter.now == "copy":
        raise Conflict("PARKED", "a parked step has no value to edit: redrive tries it again")
    if letter.left_out:
        line = f"its {letter.left_out} was too large to be copied: read it at {letter.came_from}"
        raise Conflict("LEFT_OUT", line)
    return letter, [*told.letters]


def _by_hand(letter: Letter) -> str:
    return f"`onboarding dlq edit {letter.id} --to FILE` writes it"


def _page(
    request: Request,
    visit: Visit,
    letter: Letter,
    told: Mapping[str, Any],
    problem: Problem | None = None,
    event: Event | None = None,
) -> Response:
    return page(
        request,
        visit,
        "letter_edit.html",
        status=problem.status if problem else 200,
        letter=letter,
        told=told,
        wrong=problem.detail if problem else "",
        event=event,
    )
