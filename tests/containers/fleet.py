"""The whole system in containers: servers, jobs, a container per service, the platform's sandbox."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient
from testcontainers.core.network import Network

from deploy.local.platform_child import urls
from deploy.local.readiness import answers
from deploy.local.stack import GATEWAY, STEPS
from deploy.local.store import uri
from tests.containers.parts import KAFKA, MONGO, SHELLS, Part, kafka, mongo, ours
from tests.deploy.sandbox import Sandbox
from tests.integration.polling import until

HEALTH_PORT, GATEWAY_PORT, PLATFORM_PORT = 9000, 8080, 8080
READY_SECONDS = 120.0
KAFKA_STARTED = "Kafka Server started"
SETTINGS = {
    "ONBOARDING_KAFKA": KAFKA,
    "ONBOARDING_MONGO": uri(MONGO),
    "ONBOARDING_REPLICATION": "1",
    "ONBOARDING_KAFKA_SESSION_TIMEOUT_SECONDS": "6",
    "ONBOARDING_KAFKA_HEARTBEAT_SECONDS": "1",
    "ONBOARDING_STEP_TIMEOUT_SECONDS": "240",  # longer than a killed service is away
    "ONBOARDING_RETRY_CAP_SECONDS": "3",
    **urls(f"http://platform:{PLATFORM_PORT}"),
}


@dataclass
class Fleet:
    """`kafka` and `mongo` are how this machine reaches them. `ready_after`: how long a container
    took from its start until it was ready, in seconds, by name."""

    network: Network
    folder: Path
    kafka: str
    mongo: str
    env: Mapping[str, str]
    parts: dict[str, Part] = field(default_factory=dict)
    ready_after: dict[str, float] = field(default_factory=dict)

    @property
    def kafka_itself(self) -> str:
        """As who waits for rest asks for it."""
        return self.kafka

    @property
    def gateway(self) -> str:
        return self.parts[GATEWAY].url(GATEWAY_PORT)

    @property
    def platform(self) -> Sandbox:
        return Sandbox(self.parts["platform"].url(PLATFORM_PORT), self.folder / "platform.jsonl")

    @cached_property
    def covers(self) -> list[Path]:
        """Empty files; everybody may see that they are."""
        files = [self.folder / f"no-{Path(shell).name}" for shell in SHELLS]
        for file in files:
            file.touch(0o444)
        return files

    async def launch(self, *names: str) -> None:
        """Start these and wait until all are ready: `documents`, `documents-2`, ..."""
        await asyncio.gather(*(asyncio.to_thread(self._service(one).start) for one in names))
        await asyncio.gather(*(self._until_ready(one) for one in names))

    async def replace(self, name: str) -> None:
        """Kill it with -9; another of its kind takes its place."""
        await asyncio.to_thread(self.parts.pop(name).kill)
        await self.launch(name)

    async def stop(self, names: Iterable[str]) -> dict[str, int]:
        """Tell them to stop, all at once: exit codes. 137: the grace was not enough."""
        stopping = {name: asyncio.to_thread(self.parts[name].stop) for name in names}
        codes = await asyncio.gather(*stopping.values())
        return dict(zip(stopping, codes, strict=True))

    async def job(self, *command: str) -> str:
        """Run a command of the image to its end; what it said."""
        part = ours(self.network, "job", *command, covers=self.covers, env=self.env)
        try:
            await asyncio.to_thread(part.start)
            code = await asyncio.to_thread(part.ended)
            said = await asyncio.to_thread(part.log)
        finally:
            await asyncio.to_thread(part.remove)
        assert code == 0, said
        return said

    async def until_shared(self, *names: str) -> None:
        """Until each of these containers of one service has partitions that no other has."""
        database = f"onboarding_{names[0].partition('-')[0]}"
        hosts = "|".join(self.parts[name].running.short_id for name in names)
        query = {"_id": {"$regex": f"^({hosts}):1:"}, "joined": True}
        async with AsyncMongoClient[dict[str, Any]](self.mongo) as client:

            async def shared() -> bool:
                told = await client[database].instances.find(query).to_list()
                given = [set(one["partitions"]) for one in told]
                return len(given) == len(names) and all(given) and not set.intersection(*given)

            await until(f"{names} share partitions", shared)

    def forget(self, name: str) -> None:
        """It has ended; its place is free."""
        self.parts.pop(name).remove()

    def _service(self, name: str) -> Part:
        kind = name.partition("-")[0]
        module = kind if kind == "saga_state" else f"services.{kind}"
        ports = {HEALTH_PORT: None} | ({GATEWAY_PORT: None} if kind == GATEWAY else {})
        part = ours(self.network, name, "python", "-m", module, covers=self.covers,
                    env=self.env, ports=ports)  # fmt: skip
        self.parts[name] = part
        return part

    async def _until_ready(self, name: str) -> None:
        part = self.parts[name]
        page = f"{await asyncio.to_thread(part.url, HEALTH_PORT)}/readyz"
        try:
            await until(f"{name} is ready", lambda: answers(page), READY_SECONDS)
        except AssertionError as error:
            raise AssertionError(f"{error}; it said:\n{part.log()[-3000:]}") from None
        self.ready_after[name] = time.monotonic() - part.started_at


@asynccontextmanager
async def fleet(folder: Path, env: Mapping[str, str] | None = None) -> AsyncIterator[Fleet]:
    """All of it, ready. It is gone when the block ends; logs stay in `folder`."""
    await asyncio.to_thread(folder.chmod, 0o777)  # the image's user writes the sandbox's log
    async with AsyncExitStack() as gone:
        network = await asyncio.to_thread(Network().create)
        gone.push_async_callback(asyncio.to_thread, network.remove)
        (broker, kafka_here), (database, mongo_here) = kafka(network), mongo(network)
        made = Fleet(network, folder, kafka_here, mongo_here, {**SETTINGS, **(env or {})})
        gone.push_async_callback(_remove_all, made)
        made.parts |= {"kafka": broker, "mongo": database, "platform": _sandbox(made)}
        await asyncio.gather(*(asyncio.to_thread(one.start) for one in made.parts.values()))
        await made.job("python", "-m", "deploy.local.replica_set", MONGO)
        await until("Kafka has started", lambda: _says(broker, KAFKA_STARTED), READY_SECONDS)
        await made.job("onboarding", "topics", "create")
        await made.launch(*STEPS, "saga_state", GATEWAY)
        yield made


def _sandbox(made: Fleet) -> Part:
    command = ("python", "-m", "deploy.local.platform", "--host", "0.0.0.0",
               "--port", str(PLATFORM_PORT), "--log", "/data/platform.jsonl")  # fmt: skip
    return ours(made.network, "platform", *command, covers=made.covers,
                volumes={str(made.folder): "/data"}, ports={PLATFORM_PORT: None})  # fmt: skip


async def _says(part: Part, words: str) -> bool:
    return words in await asyncio.to_thread(part.log)


async def _remove_all(made: Fleet) -> None:
    """Services first: they wait for what they have in hand."""
    for name, part in reversed(made.parts.items()):
        (made.folder / f"{name}.log").write_text(part.log())
        await asyncio.to_thread(part.remove)
