"""`onboarding why ID`: why one saga stands where it stands, and what helps."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.platform_child import urls
from saga_state.why.answer import Answer
from saga_state.why.blind import NOT_SHOWN, unreadable
from saga_state.why.facts import Letter as SeenLetter
from saga_state.why.facts import World
from services.cli.errors import PARTLY, CliError
from services.cli.letter_topics import letters_of
from services.cli.options import Output
from services.cli.printing import answer_one, note, quiet
from services.cli.running_stack import SERVERS, Found, find_stack, other_stack
from services.cli.why_page import one_answer
from services.evidence.asking import why_id, why_not_shown
from services.evidence.sources import PART_SECONDS, Sources
from services.letters.letter import Letter, header_text
from services.runtime.mongo import connect
from services.runtime.settings import PREFIX

LETTER_SECONDS = 5.0
_NAMES = ("ce_sagaid", "ce_correlationid", "ce_subject", "ce_id")


def show_why(data: Path | None, tenant: str, text: str, output: Output) -> None:
    """Of several sagas that an id stands for the newest. CliError: 1 if nobody knows the id, 3 if
    nobody could be asked for it."""
    quiet()
    answer = asyncio.run(_why(find_stack(data, SERVERS), tenant, text))
    answer_one(answer.body, output, one_answer(answer))
    if answer.status == NOT_SHOWN and answer.cause.name == "database_unreachable":
        line = "MongoDB does not answer: ask again when it does"
        raise CliError(f"{line}{other_stack('mongo')}", PARTLY)


@asynccontextmanager
async def sources_of(found: Found) -> AsyncIterator[Sources]:
    """Who is asked: the servers; processes and outside systems of a stack that runs here."""
    run = found.run or {}
    known = urls(run["platform"]) if run.get("platform") else {}
    told = {name.removeprefix(PREFIX).lower(): url for name, url in known.items()}
    settings = found.settings.model_copy(update=told)
    processes = run.get("processes")
    pages = {one["name"]: one["health_url"] for one in processes or () if one["health_url"]}
    async with connect(found.mongo, PART_SECONDS) as mongo:
        yield Sources(settings, mongo, None if processes is None else pages)


async def _why(found: Found, tenant: str, text: str) -> Answer:
    async with sources_of(found) as sources:
        told = await why_id(sources, tenant, text)
        if told is None:
            return await _of_letter(found, sources, tenant, text)
    if len(told.sagas) > 1:
        newest = told.sagas[0]["_id"]
        note(f"{text} stands for {len(told.sagas)} sagas; this is the newest, {newest}")
    return told.answer


async def _of_letter(found: Found, sources: Sources, tenant: str, text: str) -> Answer:
    """Nobody could read what was to start it? CliError (1) if no dead letter names it either."""
    try:
        async with asyncio.timeout(LETTER_SECONDS):
            letters = await letters_of(found)
    except (CliError, TimeoutError):
        letters = []
    meant = [one for one in letters if _names(one, text) and not one.parked]
    if not meant:
        raise CliError(await _nobody_knows(sources, tenant, text))
    letter = next((one for one in meant if one.now == "open"), meant[-1])
    mark = letter.now if letter.now in ("redriven", "discarded") else None
    seen = SeenLetter(letter.id, letter.place, letter.error_class, letter.error, mark)
    return unreadable(text, tenant, letter.service, seen, World(datetime.now(UTC)))


def _names(letter: Letter, text: str) -> bool:
    return any(header_text(letter.headers, name) == text for name in _NAMES)


async def _nobody_knows(sources: Sources, tenant: str, text: str) -> str:
    line = (
        f"no saga, partner or correlation id {text!r} in tenant {tenant!r}, and no dead letter "
        "that names it"
    )
    why = await why_not_shown(sources)
    return f"{line}. {why}" if why else f"{line} (give the whole id; `onboarding list` shows all)"
