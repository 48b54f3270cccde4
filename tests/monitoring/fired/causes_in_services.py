"""What is wrong with services and servers: each cause as a block that mends it at its end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx

from deploy.local.stack import GATEWAY
from tests.integration.polling import until
from tests.integration.starts import start
from tests.monitoring.fired.firing import Cause
from tests.monitoring.fired.stage import Stage

REFUSES_ALL: dict[str, Any] = {"_id": {"$type": "int"}}  # every id is a text


@asynccontextmanager
async def failing_platform(stage: Stage) -> AsyncIterator[None]:
    await stage.platform.tell("error", step="campaigns")
    await stage.watched.starts(*(start() for _ in range(10)))
    yield
    await stage.platform.heal()


@asynccontextmanager
async def stopped_service(stage: Stage) -> AsyncIterator[None]:
    async with stage.stopped("campaigns"):
        await stage.one_under_way("campaigns")
        yield


@asynccontextmanager
async def frozen_service(stage: Stage) -> AsyncIterator[None]:
    async with stage.frozen("recruitment"):
        await stage.one_under_way("recruitment")
        yield


@asynccontextmanager
async def frozen_projection(stage: Stage) -> AsyncIterator[None]:
    async with stage.frozen("saga_state"):
        await stage.watched.starts(start())
        yield


@asynccontextmanager
async def frozen_database(stage: Stage) -> AsyncIterator[None]:
    async with stage.frozen("mongo"):
        asking = asyncio.create_task(_ask_each_second(f"{stage.system.stack.gateway}/sagas"))
        yield
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking


@asynccontextmanager
async def frozen_broker(stage: Stage) -> AsyncIterator[None]:
    """Frozen while calls are out: their answers are to be told of then."""
    await stage.platform.tell("slow", seconds=5, step="documents")
    await stage.watched.starts(*(start() for _ in range(20)))

    async def is_called() -> bool:
        return bool((await stage.platform.told())[0]["struck"])

    await until("documents calls", is_called)
    async with stage.frozen("kafka"):
        yield
    await stage.platform.heal()


@asynccontextmanager
async def refused_writes(stage: Stage) -> AsyncIterator[None]:
    async def validate(by: dict[str, Any]) -> None:
        await stage.mongo(
            lambda client: client.onboarding_contract.command("collMod", "steps", validator=by)
        )

    await validate(REFUSES_ALL)
    await stage.watched.starts(start())
    yield
    await validate({})
    await stage.supervisor.wait_ready("contract")


@asynccontextmanager
async def stopped_gateway(stage: Stage) -> AsyncIterator[None]:
    """It ends the requests that it has first: by then its series have been gone for a while."""
    stopping = asyncio.create_task(stage.supervisor.stop(GATEWAY))
    yield
    await stopping
    await stage.supervisor.start(GATEWAY)


async def _ask_each_second(url: str) -> None:
    """Whether or not the question before it was answered."""
    async with (
        httpx.AsyncClient(timeout=20, trust_env=False) as client,
        asyncio.TaskGroup() as all_,
    ):
        while True:
            all_.create_task(_ask(client, url))
            await asyncio.sleep(1)


async def _ask(client: httpx.AsyncClient, url: str) -> None:
    with suppress(httpx.HTTPError):
        await client.get(url)


IN_SERVICES = (
    Cause(
        "the platform answers campaigns with 500",
        ("OnboardingOutsideSystem",),
        failing_platform,
        "the platform is well again",
    ),
    Cause(
        "campaigns is stopped, a saga waits for it",
        ("OnboardingServiceAbsent", "OnboardingNoProgress"),
        stopped_service,
        "campaigns is started",
    ),
    Cause(
        "the database is frozen, the gateway is asked for sagas each second",
        ("OnboardingNotReady", "OnboardingGatewayErrors", "OnboardingNotKnown"),
        frozen_database,
        "the database goes on, nobody asks",
    ),
    Cause(
        "the database refuses what contract writes (a validator), so it ends with 70",
        ("OnboardingFailStops",),
        refused_writes,
        "the validator is removed",
    ),
    Cause(
        "the broker is frozen while the outside system of documents answers",
        ("OnboardingUnsent",),
        frozen_broker,
        "the broker goes on",
    ),
    Cause(
        "recruitment is frozen, a saga waits for it",
        ("OnboardingLagging",),
        frozen_service,
        "recruitment goes on",
    ),
    Cause(
        "the projection is frozen, a saga starts",
        ("OnboardingProjectionBehind",),
        frozen_projection,
        "the projection goes on",
    ),
    Cause(
        "the gateway is told to stop",
        ("OnboardingGatewayAbsent",),
        stopped_gateway,
        "it is started",
    ),
)
