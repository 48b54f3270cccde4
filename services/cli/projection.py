"""Asks the projection: opens it, and finds sagas by any id that a person has at hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from saga_state.document import Saga
from saga_state.store import SagaStore, database
from saga_state.under_way import UnderWay
from services.cli.errors import CliError
from services.cli.printing import masked, note, quiet
from services.cli.reaching import mongo_at, mongo_is_away
from services.cli.running_stack import Found, other_stack
from services.runtime.mongo import Client


@asynccontextmanager
async def open_projection(found: Found) -> AsyncIterator[SagaStore]:
    """The store of `saga_state`; CliError if MongoDB does not answer."""
    async with open_mongo(found) as client:
        yield SagaStore(database(client, found.settings.prefix))


@asynccontextmanager
async def open_under_way(found: Found) -> AsyncIterator[UnderWay]:
    """What is asked of all tenants at once; CliError if MongoDB does not answer."""
    async with open_mongo(found) as client:
        yield UnderWay(database(client, found.settings.prefix))


@asynccontextmanager
async def open_mongo(found: Found) -> AsyncIterator[Client]:
    """A client of the databases; CliError if MongoDB does not answer."""
    quiet()
    try:
        async with mongo_at(found.mongo) as client:
            yield client
    except Exception as error:
        if not mongo_is_away(error):
            raise
        place = masked(found.mongo)
        line = f"MongoDB at {place} does not answer ({type(error).__name__}): `onboarding doctor`"
        raise CliError(f"{line}{other_stack('mongo')}") from None


async def newest_saga(store: SagaStore, tenant_id: str, text: str) -> tuple[Saga, list[Saga]]:
    """The saga of an id, and all that the id stands for, the latest started first.

    CliError (1) if there is none.
    """
    sagas = await sagas_of(store, tenant_id, text)
    if len(sagas) > 1:
        note(f"{text} stands for {len(sagas)} sagas; this is the newest, {sagas[0]['_id']}")
    return sagas[0], sagas


async def sagas_of(store: SagaStore, tenant_id: str, text: str, limit: int = 50) -> list[Saga]:
    """All that an id stands for, the latest started first; CliError (1) if there is none."""
    sagas = await store.find(tenant_id, text, limit)
    if not sagas:
        where = "list --email` finds an address" if "@" in text else "list` shows all"
        raise CliError(
            f"no saga, partner or correlation id {text!r} in tenant {tenant_id!r} (give it whole; "
            f"one just started shows up within a second; `onboarding {where})"
        )
    return sagas
