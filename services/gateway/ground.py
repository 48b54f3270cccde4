"""What the routes stand on: settings, stores, the log, the clock. One of it in each process."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from contracts.reading import Reader
from saga_state.facts import HashOf
from saga_state.store import SagaStore
from services.gateway.audit_store import AuditStore
from services.gateway.key_ring import KeyRing
from services.gateway.looks import Looks
from services.gateway.rates import Rates
from services.gateway.store import StartStore
from services.gateway.streams import Streams
from services.runtime.ports import Log
from services.runtime.settings import Settings
from services.runtime.vitals import Vitals


@dataclass(frozen=True)
class Ground:
    """`stopping` is set when the process was told to end: open streams then end too."""

    settings: Settings
    vitals: Vitals
    log: Log
    sagas: SagaStore
    starts: StartStore
    acts: AuditStore
    ring: KeyRing
    rates: Rates
    looks: Looks
    reader: Reader
    streams: Streams
    hash_of: HashOf
    now: Callable[[], datetime]
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


async def ground_of(request: Request) -> Ground:
    """What the app was made with. Not a plain function: FastAPI has a thread run those."""
    ground: Ground = request.app.state.ground
    return ground


On = Annotated[Ground, Depends(ground_of)]
