"""What the routes stand on: settings, stores, the log, the clock. One of it in each process."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from contracts.reading import Reader
from saga_state.facts import HashOf
from saga_state.store import SagaStore
from services.evidence.sources import Sources
from services.gateway.audit_store import AuditStore
from services.gateway.dashboard.coalescing import Coalesced
from services.gateway.dashboard.progress import Deeds
from services.gateway.dashboard.session_store import SessionStore
from services.gateway.key_ring import KeyRing
from services.gateway.letter_box import LetterBox
from services.gateway.looks import Looks
from services.gateway.rates import Rates
from services.gateway.store import StartStore
from services.gateway.streams import Streams
from services.gateway.turns import Turns
from services.runtime.ports import Log
from services.runtime.settings import Settings
from services.runtime.vitals import Vitals

if TYPE_CHECKING:
    from services.runtime.tracing.spans import Tracing

AT_ONCE = 4  # whoever explains has connections to the broker of its own


@dataclass(frozen=True)
class Ground:
    """`stopping` is set when the process was told to end: open streams then end too. `explaining`:
    so many are told at once why a saga stands still. `overviews`: by tenant.
    `whole_sagas`: with what is internal, which tells a saga at other moments than now."""

    settings: Settings
    vitals: Vitals
    log: Log
    sagas: SagaStore
    whole_sagas: SagaStore
    starts: StartStore
    acts: AuditStore
    ring: KeyRing
    sessions: SessionStore
    rates: Rates
    looks: Looks
    evidence: Sources
    letters: LetterBox
    reader: Reader
    streams: Streams
    hash_of: HashOf
    now: Callable[[], datetime]
    tracing: "Tracing | None" = None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    explaining: Turns = field(default_factory=lambda: Turns(AT_ONCE))
    reading_letters: Turns = field(default_factory=lambda: Turns(1))
    overviews: Coalesced = field(default_factory=Coalesced)
    letters_lately: Coalesced = field(default_factory=Coalesced)
    deeds: Deeds = field(default_factory=Deeds)
    recording: set[asyncio.Task[bool]] = field(default_factory=set)


async def ground_of(request: Request) -> Ground:
    """What the app was made with. Not a plain function: FastAPI has a thread run those."""
    ground: Ground = request.app.state.ground
    return ground


On = Annotated[Ground, Depends(ground_of)]
