"""MongoDB is lost while sagas run, and comes back as it was before, or empty: nothing is lost or
done twice.

The backup is the files of a secondary that was stopped for it (docs/production.md).
"""

import asyncio
import random
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from deploy.local.platform_child import urls
from tests.chaos.cluster.checker import FAULTS, Verdict, check
from tests.chaos.cluster.following import Following
from tests.chaos.cluster.ledger import STEPS, TIMES
from tests.chaos.cluster.load import Sender, Start, request_to_undo, starts_of
from tests.chaos.cluster.rest import until_at_rest
from tests.chaos.cluster.run import REQUESTS
from tests.chaos.cluster.servers import DATABASES, Servers, cluster_servers, one_set
from tests.chaos.cluster.strikes_databases import until_primary
from tests.chaos.cluster.target import Cluster
from tests.chaos.cluster.workers import SERVICES, make_topics, start_workers
from tests.chaos.conftest import Found
from tests.integration import ran, starts
from tests.integration.polling import until_so

STARTS_A_SECOND = 4.0
Said = dict[tuple[str, str], tuple[str, int, bool]]
MARGIN = timedelta(seconds=15)  # the backup lacks nothing that was handled so long before it
pytestmark = [pytest.mark.apache, pytest.mark.long, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize(("backed_up", "sagas"), [(True, 120), (False, 60)])
async def test_after_a_restore_under_load_nothing_is_lost_and_nothing_doubled(
    tmp_path: Path, found: Found, backed_up: bool, sagas: int
):
    accepted, backup = tmp_path / "accepted.jsonl", tmp_path / "backup" if backed_up else None
    accepted.touch()
    async with cluster_servers(tmp_path, random.Random(found.seed), lambda *_: None) as servers:
        await make_topics(servers)
        before = datetime.now(UTC)
        await start_workers(servers, 1)
        async with _load(servers, accepted, starts_of(found.seed, sagas)) as load:
            cluster = Cluster(servers, SERVICES, lambda: None, print, found.seed)
            await cluster.trouble_the_platform()
            await until_so("a third has ended", lambda: len(load.ended) >= sagas / 3, 120)
            if backup:
                before = datetime.now(UTC) - MARGIN
                await _back_up(cluster, backup)
            await until_so("two thirds have ended", lambda: len(load.ended) >= sagas / 1.5, 120)
            refused = await _bring_up(servers, before)
            assert (refused.code, "stop all services" in refused.err) == (1, True), refused
            lost = await _lose_and_restore(cluster, backup)
            told = await _bring_up(servers, before)
            assert told.code == 0, told
            assert await _audited(servers) == ["replay.restore"]
            print(told.out, told.err)
            assert _but_for_undoing(await _said(servers)) == _but_for_undoing(lost)
            await asyncio.gather(*(servers.supervisor.start(name) for name in SERVICES))
            await until_so("all have ended", lambda: len(load.ended) == sagas, 240)
            assert await until_at_rest(servers, sagas)
        verdict = await _judged(servers, accepted)
    print(dict(verdict.counted))
    assert {kind: verdict.faults[kind] for kind in FAULTS if verdict.faults[kind]} == {}
    assert verdict.counted["accepted"] == sagas
    assert verdict.counted["duplicates"] > sagas / 3, "nothing was read again"


@asynccontextmanager
async def _load(
    servers: Servers, accepted: Path, some: Iterator[Start]
) -> AsyncIterator[Following]:
    """While it lasts starts are sent, also while there is no database."""
    async with starts.producer_to(servers.kafka) as producer:
        sender = Sender(producer, accepted)

        async def ask(saga: str, key: bytes) -> None:
            await sender.deliver(REQUESTS, request_to_undo(saga, key))

        following = Following(servers.kafka_itself, ask)
        sending = sender.send_all(some, STARTS_A_SECOND)
        tasks = [asyncio.create_task(one) for one in (sending, following.follow())]
        try:
            yield following
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


async def _back_up(cluster: Cluster, backup: Path) -> None:
    primary = await until_primary(cluster)
    secondary = next(name for name in DATABASES if name != primary)
    await cluster.servers.supervisor.stop(secondary)
    shutil.copytree(_files(cluster.servers, secondary), backup)
    await cluster.servers.supervisor.start(secondary)


async def _lose_and_restore(cluster: Cluster, backup: Path | None) -> Said:
    """All that was written since the backup is gone; topics and outside systems have it. What the
    steps had said then."""
    supervisor = cluster.servers.supervisor
    await asyncio.gather(*(supervisor.stop(name) for name in SERVICES))
    known = await _said(cluster.servers)
    await asyncio.gather(*(supervisor.stop(name) for name in DATABASES))
    for name in DATABASES:
        shutil.rmtree(_files(cluster.servers, name))
        if backup:
            shutil.copytree(backup, _files(cluster.servers, name))
        else:
            _files(cluster.servers, name).mkdir()
    await asyncio.gather(*(supervisor.start(name) for name in DATABASES))
    if not backup:
        await one_set(cluster.servers.mongo)
    await until_primary(cluster)
    return known


async def _said(servers: Servers) -> Said:
    """Of documents that spoke, and whether they asked an outside system: the others are made when
    the steps read on."""
    async with AsyncMongoClient[dict[str, Any]](servers.mongo) as client:
        return {
            (step, one["_id"]): (one["state"], one["said"], one.get("outer", False))
            for step in STEPS
            async for one in client[f"onboarding_{step}"].steps.find({"said": {"$gt": 0}})
        }


def _but_for_undoing(said: Said) -> Said:
    """No event tells that an undo is under way: the request is heard again, of what was done."""
    return {
        place: ("done" if state == "undoing" else state, count, outer)
        for place, (state, count, outer) in said.items()
    }


async def _audited(servers: Servers) -> list[str]:
    """What was refused has left nothing."""
    async with AsyncMongoClient[dict[str, Any]](servers.mongo) as client:
        return [one["what"] async for one in client.onboarding_gateway.audit.find()]


async def _bring_up(servers: Servers, to: datetime) -> ran.Ran:
    env = {
        "ONBOARDING_KAFKA": servers.kafka_itself,
        "ONBOARDING_MONGO": servers.mongo,
        **urls(servers.platform),
    }
    return await ran.onboarding(
        "replay", "restore", "--to", to.isoformat(), env=env, folder=servers.root
    )


async def _judged(servers: Servers, accepted: Path) -> Verdict:
    return await check(
        servers.kafka_itself, servers.mongo, servers.effects, accepted, without=TIMES
    )


def _files(servers: Servers, name: str) -> Path:
    return servers.root / "mongo" / name
