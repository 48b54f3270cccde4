"""One run: a cluster, its load, what is done to it meanwhile, and the verdict at the end."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.chaos.cluster.checker import Verdict, check
from tests.chaos.cluster.following import Ask, Following
from tests.chaos.cluster.load import Sender, request_to_undo, starts_of
from tests.chaos.cluster.plan import Lanes, rage
from tests.chaos.cluster.rest import until_at_rest
from tests.chaos.cluster.servers import Servers, cluster_servers
from tests.chaos.cluster.target import Cluster
from tests.chaos.cluster.workers import make_topics, names_of, start_workers
from tests.integration import outside, starts

PROGRESS_SECONDS = 10.0
Log = Callable[[str], object]
ENDING_SECONDS = 240.0  # after the last start: twice a step's time, and some
REQUESTS = outside.event_topics("")[outside.EVENTS.index("compensation-requested")]


@dataclass(frozen=True)
class Wanted:
    """`lanes`: the faults by whom they strike, one at a time in each; with none only the
    platform fails, is slow and loses answers.
    In a control the platform forgets its keys, and the verdict must find it.
    """

    sagas: int
    seed: int
    rate: float
    workers: int
    lanes: Lanes
    folder: Path
    control: bool = False


@dataclass
class Told:
    """What came of it. `silence`: how long after the last heals nothing ended."""

    verdict: Verdict
    following: Following
    cluster: Cluster
    sender: Sender
    seconds: float
    at_rest: bool
    silence: float


async def run(wanted: Wanted) -> Told:
    """All of it; raises what kept it from being told. What happened is in `cluster.log`."""
    chance = random.Random(wanted.seed)
    with (wanted.folder / "cluster.log").open("a", buffering=1) as file:

        def log(words: str) -> None:
            file.write(f"{datetime.now(UTC):%H:%M:%S} {words}\n")

        def on_event(event: str, fields: Mapping[str, object]) -> None:
            log(f"{event} {dict(fields)}")

        async with cluster_servers(wanted.folder, chance, on_event) as servers:
            await make_topics(servers)
            await start_workers(servers, wanted.workers)
            try:
                return await _with_load(wanted, servers, chance, log)
            finally:
                await _stop_workers(servers, wanted.workers)


async def _with_load(wanted: Wanted, servers: Servers, chance: random.Random, log: Log) -> Told:
    began, accepted = time.monotonic(), wanted.folder / "accepted.jsonl"
    accepted.touch()
    async with starts.producer_to(servers.kafka) as producer:
        sender = Sender(producer, accepted)
        following = Following(servers.kafka_itself, _asking(sender))
        cluster = Cluster(servers, names_of(wanted.workers), following.healed, log,
                          wanted.seed, wanted.control)  # fmt: skip
        async with _beside(following.follow(), _progress(wanted, sender, following, cluster)):
            silence = await _load(wanted, sender, following, cluster, chance)
        at_rest = await until_at_rest(servers, sender.counted["accepted"])
        verdict = await check(servers.kafka_itself, servers.mongo, servers.effects, accepted)
    seconds = time.monotonic() - began
    return Told(verdict, following, cluster, sender, seconds, at_rest, silence)


async def _load(
    wanted: Wanted, sender: Sender, following: Following, cluster: Cluster, chance: random.Random
) -> float:
    """Send all while the faults strike, then wait for the ends."""
    await cluster.trouble_the_platform()
    async with rage(cluster, wanted.lanes, chance):
        await sender.send_all(starts_of(wanted.seed, wanted.sagas), wanted.rate)
    await cluster.platform.heal()
    return await _ended(following, sender)


def _asking(sender: Sender) -> Ask:
    async def ask(saga: str, key: bytes) -> None:
        await sender.deliver(REQUESTS, request_to_undo(saga, key))

    return ask


async def _ended(following: Following, sender: Sender) -> float:
    """Wait for all that were accepted, but not for ever: how long the last heal was waited for."""
    deadline, longest = time.monotonic() + ENDING_SECONDS, 0.0
    while len(following.ended) < sender.counted["accepted"] and time.monotonic() < deadline:
        longest = max(longest, following.waiting_since())
        await asyncio.sleep(0.2)
    return longest


async def _progress(wanted: Wanted, sender: Sender, following: Following, cluster: Cluster) -> None:
    began = time.monotonic()
    while True:
        await asyncio.sleep(PROGRESS_SECONDS)
        now = f"  now: {', '.join(cluster.now)}" if cluster.now else ""
        print(
            f"{time.monotonic() - began:6.0f} s  sent {sender.counted['accepted']}/{wanted.sagas}"
            f"  ended {len(following.ended)}  faults {cluster.struck.total()}{now}",
            flush=True,
        )


async def _stop_workers(servers: Servers, workers: int) -> None:
    """Before the servers, for a worker waits for what it has in hand."""
    known = [name for name in names_of(workers) if name in servers.supervisor.names()]
    await asyncio.gather(*(servers.supervisor.stop(name) for name in known))


@asynccontextmanager
async def _beside(*works: Coroutine[object, object, None]) -> AsyncIterator[None]:
    """While these go on; what one of them raises is raised at the end."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
