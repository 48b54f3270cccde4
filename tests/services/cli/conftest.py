"""Sagas and events of the frozen examples, and the command line called in this process."""

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
import structlog

from contracts.envelope import Event
from contracts.events import EVENTS
from contracts.reading import Reader
from contracts.schema_files import example_record
from saga_state.document import Saga, StoredEvent
from saga_state.records import stored_form
from saga_state.state import fold
from services.cli.main import run
from tests.conftest import RealServers


@dataclass(frozen=True)
class Ended:
    """How a command line ended."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """Its one line on stderr."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        return lines[0]


Onboarding = Callable[..., Ended]


@pytest.fixture
def onboarding(capsys) -> Onboarding:
    """For commands that need no servers; for others see tests/e2e."""

    def call(*arguments: str) -> Ended:
        before = structlog.get_config()
        try:
            code = run(arguments)
        finally:  # a command silences the libraries of its process
            logging.disable(logging.NOTSET)
            structlog.configure(**before)
        told = capsys.readouterr()
        return Ended(code, told.out, told.err)

    return call


@pytest.fixture
def bare(monkeypatch, tmp_path) -> None:
    """An empty working folder, and no settings in the environment."""
    for name in list(os.environ):
        if name.startswith("ONBOARDING_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def projected(real_servers: RealServers, prefix: str, bare, monkeypatch) -> Callable[..., None]:
    """Projects events into a real mongod, where the command line then finds them."""
    from pymongo import AsyncMongoClient

    from saga_state.projector import project
    from saga_state.store import SagaStore, database
    from tests.saga_state.saga_given import NOW, hash_of

    async def keep(events: Sequence[Event]) -> None:
        async with AsyncMongoClient(real_servers.mongo) as client:
            store = SagaStore(database(client, prefix))
            await store.ensure()
            await project(events, store, hash_of, NOW)

    monkeypatch.setenv("ONBOARDING_MONGO", real_servers.mongo)
    monkeypatch.setenv("ONBOARDING_PREFIX", prefix)
    return lambda *events: asyncio.run(keep(events))


@pytest.fixture(scope="session")
def events() -> dict[str, StoredEvent]:
    """The example of each event, as the projection keeps it."""
    read = [Reader().read(example_record(name, version)) for name, version in EVENTS]
    return {event.name: stored_form(event, event.time) for event in read}


@pytest.fixture(scope="session")
def sagas() -> dict[str, Saga]:
    """The two sagas that the examples tell, by their status."""
    read = [Reader().read(example_record(name, version)) for name, version in EVENTS]
    made = {}
    for saga_id in {event.context.saga_id for event in read}:
        saga = fold(None, [one for one in read if one.context.saga_id == saga_id], lambda _: "h")
        made[saga["status"]] = saga
    return made
