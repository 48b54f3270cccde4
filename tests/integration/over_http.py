"""The gateways of a running system, asked over HTTP as a portal would."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from pymongo import AsyncMongoClient

from services.gateway.key_store import KeyStore
from services.gateway.keys import Key, digest_of, new_secret
from services.gateway.roles import ROLES
from tests.integration.polling import until
from tests.integration.starts import fresh_email
from tests.integration.system import ALL, System, system

PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Portal:
    """A client with an API key; `http[0]` asks the first gateway, `http[1]` the second."""

    system: System
    http: tuple[httpx.AsyncClient, ...]

    @property
    def first(self) -> httpx.AsyncClient:
        return self.http[0]

    async def start(self, gateway: int = 0, **more: Any) -> httpx.Response:
        return await self.http[gateway].post("/sagas/partner-onboarding", json=an_order(**more))

    async def status(self, any_id: str, gateway: int = 0) -> dict[str, Any]:
        answer = await self.http[gateway].get(f"/sagas/{any_id}/status")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def an_order(correlation_id: str | None = None, **partner: Any) -> dict[str, Any]:
    """The payload of real producers, of another partner each time."""
    data = {
        "nombre": "TechSolutions Inc",
        "email": fresh_email(),
        "telefono": "+1234567890",
        "tipo_partner": "EMPRESA",
        "preferred_contract_type": "PREMIUM",
        **partner,
    }
    return {"partner_data": data, "correlation_id": correlation_id or f"c-{uuid4().hex}"}


@asynccontextmanager
async def portal(
    kafka: str,
    mongo: str,
    prefix: str,
    folder: Path,
    gateways: int = 1,
    services: tuple[str, ...] = ALL,
    env: Mapping[str, str] | None = None,
    platform: bool = False,
) -> AsyncIterator[Portal]:
    """A system with gateways, and a key for an admin of the tenant default."""
    key = await registered(mongo, f"{prefix}onboarding_gateway")
    async with system(
        kafka, mongo, prefix, folder, services=(*services, "gateway"),
        workers={"gateway": gateways}, env=env, platform=platform,
    ) as running:  # fmt: skip
        names = [one for one in running.stack.supervisor.names() if one.startswith("gateway")]
        urls = [str(running.stack.supervisor.folder.gateway_url(name)) for name in names]
        clients = tuple(
            httpx.AsyncClient(base_url=url, headers={"X-API-Key": key}, timeout=PATIENCE_SECONDS)
            for url in urls
        )
        try:
            yield Portal(running, clients)
        finally:
            for client in clients:
                await client.aclose()


async def registered(
    mongo: str, database: str, role: str = "admin", tenant: str = "default"
) -> str:
    """A new API key."""
    text, key_id = new_secret()
    key = Key(key_id, digest_of(text), "tests", tenant, ROLES[role], datetime.now(UTC), "tests")
    async with AsyncMongoClient[dict[str, Any]](mongo) as client:
        await KeyStore(client, database).add(key)
    return text


async def ended(one: Portal, any_id: str) -> dict:
    async def find() -> dict | None:
        saga = await one.status(any_id)
        return saga if saga["ended_at"] else None

    return await until(f"the end of {any_id}", find)


async def why_named(shared: Portal, begun: dict) -> dict | None:
    told = (await shared.first.get(f"/sagas/{begun['correlation_id']}/why")).json()
    seen = {one["what"] for one in told.get("evidence", ())}
    is_named = told["cause"] == "service_not_running" and {"process", "step document"} <= seen
    return told if is_named else None


async def streamed(one: Portal, saga_id: str, count: int, last: str | None = None) -> list[str]:
    """The ids of the first events of a stream."""
    headers = {"Last-Event-ID": last} if last else {}
    ids: list[str] = []
    async with one.first.stream("GET", f"/sagas/{saga_id}/events", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        async for line in answer.aiter_lines():
            if line.startswith("id: "):
                ids.append(line.removeprefix("id: "))
            if len(ids) == count:
                break
    return ids
