"""A gateway in this process: the real app and stores, the log and the services in memory."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx

from contracts.envelope import Record
from contracts.topics import event_topic
from saga_state.partner_hash import partner_hash
from saga_state.projector import project
from saga_state.shown import INTERNAL
from saga_state.store import SagaStore
from saga_state.store import database as projection
from saga_state.worker import read_all
from services.evidence.sources import Sources
from services.gateway.app import make_app
from services.gateway.audit_store import AuditStore
from services.gateway.dashboard.session_store import SessionStore
from services.gateway.ground import Ground
from services.gateway.guards import Guards
from services.gateway.key_ring import KeyRing
from services.gateway.key_store import KeyStore
from services.gateway.keys import Key, digest_of, new_secret
from services.gateway.lags import Lags
from services.gateway.letter_box import MOST, Heads, latest
from services.gateway.looks import Looks
from services.gateway.problems import Unavailable
from services.gateway.rates import Rates
from services.gateway.roles import ROLES
from services.gateway.store import StartStore
from services.gateway.streams import Streams
from services.letters.found import letter_topics
from services.letters.heads import head_of, whole_of
from services.letters.letter import Letter
from services.runtime.memory import MemoryLog
from services.runtime.mongo import Client
from services.runtime.settings import Settings
from services.runtime.vitals import Vitals
from services.runtime.world import World
from services.steps import all_steps

ADDRESS = "203.0.113.9"
PARTNER = {
    "nombre": "TechSolutions Inc",
    "email": "contact@techsolutions.com",
    "telefono": "+1234567890",
    "tipo_partner": "EMPRESA",
    "preferred_contract_type": "PREMIUM",
}


@dataclass
class Clock:
    """The time of now, and what a test adds to it."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class NoPlaces:
    """The port `Places` of a broker where nobody has read anything."""

    async def ends(self, topics: Sequence[str]) -> Mapping[Any, int]:
        return {}

    async def begins(self, topics: Sequence[str]) -> Mapping[Any, int]:
        return {}

    async def of_group(self, group: str, partitions: Sequence[Any]) -> Mapping[Any, int]:
        return {}

    async def times_at(self, places: Mapping[Any, int]) -> Mapping[Any, int]:
        return {}


@dataclass
class MemoryLetters:
    """The port `LetterBox` of a log in memory. `broken`: Kafka does not answer."""

    log: MemoryLog
    broken: bool = False

    async def heads(self) -> Heads:
        return latest([head_of(one) for one in self._records()], MOST)

    async def whole(self, letters: Sequence[Letter]) -> list[Letter]:
        by_place = {(one.topic, one.partition, one.offset): one for one in self._records()}
        places = ((one.record.topic, one.record.partition, one.record.offset) for one in letters)
        return [whole_of(one, by_place[place]) for one, place in zip(letters, places, strict=True)]

    def _records(self) -> list[Record]:
        if self.broken:
            raise Unavailable("Kafka did not tell of the dead letters in time; ask again")
        return [one for topic in sorted(letter_topics("")) for one in self.log.records(topic)]


@dataclass
class Gateway:
    """What a test asks. `log` is what was published; nothing is done until `play`, and no GET
    sees of it but the start until `project`."""

    ground: Ground
    keys: KeyStore
    world: World
    clock: Clock
    projection: SagaStore
    app: Any = field(init=False)

    def __post_init__(self) -> None:
        made = make_app(self.ground)
        self.routes = made.routes
        self.app = Guards(
            made,
            self.ground.settings.gateway_body_max_bytes,
            answer_seconds=30,
            count_open=self.ground.rates.count_open,
        )

    @property
    def log(self) -> MemoryLog:
        return self.world.log

    def client(self, key: str | None = None, address: str = ADDRESS) -> httpx.AsyncClient:
        """Who asks with that key, or none. It reads an answer to its end: streams have none."""
        transport = httpx.ASGITransport(app=self.app, client=(address, 40_000))
        headers = {} if key is None else {"X-API-Key": key}
        return httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=headers)

    async def key(
        self,
        role: str | None = "admin",
        tenant: str = "default",
        scopes: Collection[str] = (),
        expires_at: datetime | None = None,
    ) -> str:
        """A new key, as its owner has it."""
        text, key_id = new_secret()
        all_scopes = frozenset(scopes) | (ROLES[role] if role else frozenset())
        name, now = f"{role} of {tenant}", self.clock()
        await self.keys.add(
            Key(key_id, digest_of(text), name, tenant, all_scopes, now, "tests", expires_at)
        )
        return text

    async def play(self) -> None:
        """Let all services do what was asked of them, until nothing is left to do."""
        await self.world.run()

    async def project(self, *without: str) -> None:
        """Have the projection see all that is in the log, but for events of these names."""
        unseen = {event_topic(name) for name in without}
        topics = [all_ for name, all_ in self.log.topics.items() if name not in unseen]
        records = [one for topic in topics for partition in topic for one in partition]
        events, _ = read_all(records, self.ground.reader)
        await project(events, self.projection, self.ground.hash_of, self.clock())


async def given_gateway(client: Client, settings: Settings, database: str) -> Gateway:
    """On that server; the names of its databases begin with `database`. The settings have no
    prefix: the services in memory know of none."""
    clock, own = Clock(), f"{database}onboarding_gateway"
    world, vitals, keys = World(all_steps(), clock), Vitals(joined=True), KeyStore(client, own)
    rates = Rates(settings.gateway_key_per_second, settings.gateway_address_per_second)
    ground = Ground(
        settings=settings,
        vitals=vitals,
        log=world.log,
        sagas=SagaStore(projection(client, database), without=INTERNAL),
        whole_sagas=SagaStore(projection(client, database)),
        starts=StartStore(client, own),
        acts=AuditStore(client, own),
        ring=KeyRing(keys, clock),
        sessions=SessionStore(client, own),
        rates=rates,
        looks=Looks(settings, vitals, client, Lags(NoPlaces())),
        letters=MemoryLetters(world.log),
        evidence=Sources(settings.model_copy(update={"prefix": database}), client),
        reader=settings.reader(),
        streams=Streams(settings.gateway_streams_max),
        hash_of=partial(partner_hash, settings.hash_key.get_secret_value().encode()),
        now=clock,
    )
    stores = (ground.starts, ground.acts, ground.sessions, keys, ground.sagas)
    await asyncio.gather(*(store.ensure() for store in stores))
    whole = SagaStore(projection(client, database))
    return Gateway(ground, keys, world, clock, whole)
