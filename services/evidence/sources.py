"""Who is asked, and how an answer that does not come is told."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from saga_state.why.facts import Unknown
from services.evidence.store import EvidenceStore
from services.runtime.mongo import Client
from services.runtime.settings import Settings

T = TypeVar("T")
PART_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Sources:
    """`pages`: the health pages of this machine's processes, by the process's name (`documents`,
    `documents-2`); None: nobody knows. `seconds`: how long each part of it may take."""

    settings: Settings
    mongo: Client
    pages: Mapping[str, str] | None = None
    seconds: float = PART_SECONDS

    @property
    def store(self) -> EvidenceStore:
        return EvidenceStore(self.mongo, self.settings.prefix)


async def part(asking: Awaitable[T], seconds: float) -> T | Unknown:
    """Its answer, or that it could not be had: no other part waits for it longer.

    Whatever goes wrong in a client of a server, it is this part that nobody knows.
    """
    try:
        async with asyncio.timeout(seconds):
            return await asking
    except Exception as error:
        return Unknown(reason_of(error, seconds))


async def parts(asking: Mapping[str, Awaitable[T]], seconds: float) -> dict[str, T | Unknown]:
    """The same of several, all at once."""
    found = await asyncio.gather(*(part(one, seconds) for one in asking.values()))
    return dict(zip(asking, found, strict=True))


def reason_of(error: BaseException, seconds: float) -> str:
    """In a few words, without the error's text: that may hold an address or a name."""
    if isinstance(error, TimeoutError):
        return f"no answer within {seconds:g} s"
    return type(error).__name__
