"""To redrive or discard letters: what it would do, doing exactly that, and how far it has come."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import uuid4

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from contracts.envelope import Message
from services.gateway.audit import OF_LETTERS
from services.gateway.auditing import Deed as Audited
from services.gateway.auditing import audited, record
from services.gateway.dashboard.forms import form_of
from services.gateway.dashboard.letter_reading import letters_now, the_one
from services.gateway.dashboard.letters import PATH, Class, Text, which_of
from services.gateway.dashboard.progress import Deed, Tell
from services.gateway.dashboard.rendering import page, path_of
from services.gateway.dashboard.visits import DealsWithLetters, LooksAtLetters, Visit
from services.gateway.ground import Ground, On
from services.gateway.problems import (
    BadRequest,
    Conflict,
    NotThere,
    Problem,
    Unavailable,
    Unprocessable,
)
from services.letters.chosen import Act, Pile, hash_of, selected
from services.letters.letter import Letter
from services.letters.sending import in_chunks, resolved

MOST_SHOWN, REASON_MAX = 20, 500
SAY_AGAIN = (Conflict, Unprocessable, Unavailable)
BEGUN = "BEGUN"
FILTERS = ("service", "class", "saga", "id")
router = APIRouter(include_in_schema=False)


@router.get(PATH + "/act")
async def plan(
    request: Request,
    on: On,
    visit: DealsWithLetters,
    what: Literal["redriven", "discarded"],
    service: Text = "",
    error_class: Class = "",
    saga: Text = "",
    letter_id: Annotated[str, Query(alias="id", max_length=200)] = "",
    again: bool = False,
) -> Response:
    """A dry run: which letters, under which hash; and the form that has it done."""
    told = {
        "what": what,
        "service": service,
        "class": error_class,
        "saga": saga,
        "id": letter_id,
        "again": "true" if again else "",
    }
    return await _page(request, on, visit, told)


@router.post(PATH + "/act")
async def act(request: Request, on: On, visit: DealsWithLetters) -> Response:
    """Begins exactly what was shown, or says why not, and what it would be now."""
    told = await form_of(request, visit.token)
    try:
        asked = _act_of(told, visit, reason_in(told))
        begun = on.deeds.begun(visit.caller.tenant_id)
        chosen, _ = await _chosen(on, visit, asked)
        _check(chosen, told.get("hash", ""))
        deed = _deed_of(on, visit, asked, chosen)
        on.deeds.reserve(deed, begun)
        try:
            await _record_that_it_begins(on, visit, asked, deed, chosen)
        except BaseException:  # also where the time for an answer is over
            on.deeds.give_up(deed)
            raise
        on.deeds.begin(deed, partial(_work, on, visit, asked, chosen, deed))
    except SAY_AGAIN as problem:
        return await _page(request, on, visit, told, problem)
    return RedirectResponse(f"{PATH}/acts/{deed.id}", 303)


@router.get(PATH + "/acts/{deed_id}")
async def progress(request: Request, on: On, visit: LooksAtLetters, deed_id: str) -> Response:
    """How far it has come."""
    deed = on.deeds.find(visit.caller.tenant_id, deed_id)
    if deed is None:
        line = "this gateway knows of no such act: the letters say what was done"
        raise NotThere("NO_SUCH_ACT", line)
    return page(request, visit, "letter_act.html", deed=deed)


@router.post(PATH + "/{letter_id}/resolve")
async def resolve(request: Request, on: On, visit: DealsWithLetters, letter_id: str) -> Response:
    """Says that a parked undo was done by hand."""
    told = await form_of(request, visit.token)
    async with audited(on, visit.caller, "saga.resolve") as deed:
        letter = the_one(await letters_now(on, visit), letter_id, "")
        deed.saga_id, deed.reason = letter.saga_id, reason_in(told)
        if letter.error_class != "UNDO_PARKED" or letter.now != "open":
            raise Conflict("NOT_PARKED", "no undo waits for a person there, or no longer")
        message = resolved(letter, deed.reason, visit.caller.name, "gateway", on.now())
        await publish(on, [message])
    return RedirectResponse(f"{PATH}/{path_of(letter_id)}?asked", 303)


def reason_in(told: Mapping[str, str]) -> str:
    """Unprocessable without one."""
    reason = " ".join(told.get("reason", "").split())
    if not reason or len(reason) > REASON_MAX:
        line = (
            f"Say why, in 1 to {REASON_MAX} characters: it stays with the marks and in the audit."
        )
        raise Unprocessable("INVALID_REQUEST", line)
    return reason


async def publish(on: Ground, messages: Sequence[Message]) -> None:
    """Unavailable if Kafka does not acknowledge in time."""
    try:
        async with asyncio.timeout(on.settings.gateway_answer_seconds):
            await on.log.publish(messages)
    except TimeoutError:
        line = "Kafka did not answer in time: unknown whether all of it was sent; look again"
        raise Unavailable(line) from None


def _act_of(told: Mapping[str, str], visit: Visit, reason: str) -> Act:
    refs = (told["id"],) if told.get("id") else ()
    named = (told.get(name, "") for name in ("service", "class", "saga"))
    what = next((one for one in OF_LETTERS if one == told.get("what")), None)
    if what is None:
        raise BadRequest("NO_FORM", f"what: it is one of {', '.join(OF_LETTERS)}")
    again = told.get("again") == "true"
    return Act(what, which_of(*named, *refs), reason, visit.caller.name, again, "gateway")


async def _chosen(on: Ground, visit: Visit, asked: Act) -> tuple[Sequence[Pile], Mapping[str, int]]:
    return selected((await letters_now(on, visit)).letters, asked, on.settings.prefix)


def _check(chosen: Sequence[Pile], agreed: str) -> None:
    """Conflict: there is nothing, or there are other letters than agreed to."""
    if not chosen:
        raise Conflict("NOTHING_TO_DO", "No letter of these waits any more.")
    if hash_of(chosen) != agreed:
        line = "Letters have come or gone since you looked: these are the ones now."
        raise Conflict("OTHER_LETTERS", line)


def _deed_of(on: Ground, visit: Visit, asked: Act, chosen: Sequence[Pile]) -> Deed:
    id_, tenant_id = str(uuid4()), visit.caller.tenant_id
    return Deed(id_, tenant_id, asked.what, asked.reason, asked.by, len(chosen), on.now())


async def _record_that_it_begins(
    on: Ground, visit: Visit, asked: Act, deed: Deed, chosen: Sequence[Pile]
) -> None:
    what, told = OF_LETTERS[asked.what], _told_of(deed, chosen)
    if not await record(on, visit.caller, what, told, BEGUN):
        raise Unavailable("the audit cannot be written, so nothing was begun; try again")


def _told_of(deed: Deed, chosen: Sequence[Pile]) -> Audited:
    """What the audit is told of it. Ids of what nobody could read may be anything."""
    sagas = {pile[0].row["saga_id"] for pile in chosen} - {"", "***"}
    reason = f"{deed.reason} ({deed.done} of {deed.total}, {deed.id})"
    return Audited(sagas.pop() if len(sagas) == 1 else None, reason)


async def _work(
    on: Ground, visit: Visit, asked: Act, chosen: Sequence[Pile], deed: Deed, tell: Tell
) -> None:
    """Ends at the next chunk when the process is told to stop. It is in the audit how far it came;
    that it began is there since before."""

    async def whole(piles: Sequence[Pile]) -> Sequence[Pile]:
        if on.stopping.is_set():
            raise Unavailable("the gateway was told to stop")
        return piles if asked.what != "redriven" else await _whole(on, piles)

    in_order = sorted(chosen, key=lambda pile: _at(pile[0]))
    outcome = "UNKNOWN"
    try:
        await in_chunks(in_order, asked, deed.id, lambda some: publish(on, some), tell, whole)
        outcome = "done"
    except Problem as problem:
        outcome = problem.codigo
        raise
    finally:
        await record(on, visit.caller, OF_LETTERS[asked.what], _told_of(deed, chosen), outcome)


async def _whole(on: Ground, piles: Sequence[Pile]) -> Sequence[Pile]:
    wanted = [pile[0] for pile in piles if pile[0].parked is None]
    read = {one.place: one for one in (await on.letters.whole(wanted) if wanted else ())}
    return [[read.get(pile[0].place, pile[0]), *pile[1:]] for pile in piles]


def _at(letter: Letter) -> tuple[str, int, int]:
    """So that each chunk is read in one go."""
    return letter.record.topic, letter.record.partition, letter.record.offset


async def _page(
    request: Request,
    on: Ground,
    visit: Visit,
    told: Mapping[str, Any],
    problem: Problem | None = None,
) -> Response:
    asked = _act_of(told, visit, "")
    chosen, left = await _chosen(on, visit, asked)
    letters = [one for pile in chosen for one in pile]
    kept = {name: told[name] for name in FILTERS if told.get(name)}
    return page(
        request,
        visit,
        "letters_act.html",
        status=problem.status if problem else 200,
        act=asked,
        told=told,
        wrong=problem.detail if problem else "",
        hash=hash_of(chosen),
        records=len(chosen),
        letters=[one.row for one in letters[:MOST_SHOWN]],
        count=len(letters),
        by_class=Counter(one.error_class for one in letters),
        left=left,
        filters=kept,
        with_again=f"{PATH}/act?{urlencode({'what': asked.what, **kept, 'again': 'true'})}",
        back=f"{PATH}/{path_of(kept['id'])}" if "id" in kept else f"{PATH}?{urlencode(kept)}",
    )
