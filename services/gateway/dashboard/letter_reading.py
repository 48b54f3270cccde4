"""The letters of a tenant: as they stand for who acts, as of a moment ago for pages that go on."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request

from services.gateway.dashboard.visits import Visit
from services.gateway.ground import Ground
from services.gateway.problems import NotThere
from services.letters.chosen import the_one_meant
from services.letters.found import letters_among
from services.letters.letter import Letter

ALL = "all"  # of all tenants: the key of what was read lately


@dataclass(frozen=True, slots=True)
class Told:
    """The oldest first. `is_all`: none is left out because there are too many."""

    letters: Sequence[Letter]
    is_all: bool

    def of(self, tenant_id: str) -> "Told":
        """Those of that tenant."""
        mine = [one for one in self.letters if one.tenant_id == tenant_id]
        return Told(mine, self.is_all)


async def letters_for(request: Request, on: Ground, visit: Visit) -> Told:
    """For a page: who opens it sees them as they are. Unavailable."""
    if "hx-request" not in request.headers:
        return await letters_now(on, visit)
    told: Told = await on.letters_lately.of(ALL, lambda: _read(on))
    return told.of(visit.caller.tenant_id)


async def letters_now(on: Ground, visit: Visit) -> Told:
    """As they stand. Unavailable. They are read by one at a time. From now on pages that go on
    are shown nothing older, or what somebody has just seen would be gone again."""
    async with on.reading_letters.of(visit.caller.key_id or visit.caller.address):
        asked_at = time.monotonic()
        told = await _read(on)
        on.letters_lately.know(ALL, told, asked_at)
        return told.of(visit.caller.tenant_id)


async def letter_for(
    request: Request, on: Ground, visit: Visit, letter_id: str, service: str
) -> tuple[Letter, Told]:
    """The one of that id, and all that were read with it. NotThere, Unavailable."""
    told = await letters_for(request, on, visit)
    try:
        return the_one(told, letter_id, service), told
    except NotThere:
        if "hx-request" not in request.headers:
            raise
    told = await letters_now(on, visit)  # another gateway has shown it, and this one not yet
    return the_one(told, letter_id, service), told


def the_one(told: Told, letter_id: str, service: str) -> Letter:
    """By id; of those that several services have of one record that of the service, else one that
    waits. NotThere."""
    of_service = (one for one in told.letters if service in ("", one.service))
    letter = the_one_meant(of_service, letter_id)
    if letter is None:
        raise NotThere("NO_SUCH_LETTER", "there is no dead letter and no parking of that id")
    return letter


async def _read(on: Ground) -> Told:
    heads = await on.letters.heads()
    letters = await letters_among(heads.records, on.reader, on.sagas.read_sagas)
    return Told(letters, heads.is_all)
