"""All topics are lost with what was on them, and MongoDB is not (docs/production.md, "Disaster")."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from services.runtime.settings import load_settings
from services.runtime.topics import create_topics
from tests.integration import starts
from tests.integration.outside import STEPS
from tests.integration.polling import until, until_nothing
from tests.integration.system import ALL, System, system
from tests.own_servers import servers_or_skip

pytestmark = [pytest.mark.apache, pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(300)]
SETTINGS = {"ONBOARDING_STEP_TIMEOUT_SECONDS": "20", "ONBOARDING_STEP_GRACE_SECONDS": "2"}
WAITING, DONE = 6, 3


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[System]:
    async with servers_or_skip("apache", tmp_path / "servers") as servers:
        prefix = f"lost{uuid.uuid4().hex[:6]}-"
        async with system(servers.kafka, servers.mongo, prefix, tmp_path, env=SETTINGS) as one:
            yield one


async def test_every_saga_ends_though_all_topics_are_lost_and_what_completed_stays(running: System):
    supervisor, names = running.stack.supervisor, [f"saga-{one}" for one in range(DONE + WAITING)]
    await _start(running, *names[:DONE])
    await running.completed(DONE)
    await until_nothing("answers that were not taken", lambda: _watches(running))
    await supervisor.stop("documents")
    await _start(running, *names[DONE:])

    async def waiting() -> bool:
        return await running.count(status="CONTRACT_CREATED") == WAITING

    await until("sagas wait for documents", waiting)
    await asyncio.gather(*(supervisor.stop(name) for name in ALL))
    await _lose_topics(running)
    for name in ALL:
        await supervisor.start(name)
    ended = [(await running.ended(name))["status"] for name in names]
    assert ended == ["COMPLETED"] * DONE + ["COMPENSATED"] * WAITING
    await _start(running, "another")
    assert (await running.ended("another"))["status"] == "COMPLETED"


async def test_a_saga_that_completed_is_undone_where_an_answer_to_it_was_not_taken(
    running: System,
):
    """By a step that was stopped: of the answer that is lost with its topic it never hears."""
    supervisor = running.stack.supervisor
    await supervisor.stop("contract")
    await _start(running, "one")

    async def registered() -> bool:
        return await running.count(status="PARTNER_REGISTERED") == 1

    await until("it is registered", registered)
    await supervisor.stop("registration")
    await supervisor.start("contract")
    await running.completed(1)
    await asyncio.gather(*(supervisor.stop(name) for name in ALL if name != "registration"))
    await _lose_topics(running)
    for name in ALL:
        await supervisor.start(name)

    async def undone() -> bool:
        return await running.count(status="COMPENSATED") == 1

    await until("it is undone", undone)


async def _watches(running: System) -> dict[str, int]:
    """By step, of documents that wait to hear of the step after. An answer is taken a second after it
    came; one that was not is lost with its topic, and its saga undone."""
    found = {}
    async with running.patient() as client:
        for step in STEPS:
            steps = client[f"{running.prefix}onboarding_{step}"].steps
            found[step] = await steps.count_documents({"watch_at": {"$type": "date"}})
    return {step: count for step, count in found.items() if count}


async def _start(running: System, *names: str) -> None:
    sent = [starts.start(name, email=f"{name}@mail.example") for name in names]
    await starts.send(running.kafka, running.start_topic, *sent)


async def _lose_topics(running: System) -> None:
    settings = load_settings(
        _env_file=None, kafka=running.kafka, prefix=running.prefix, replication=1
    )
    admin = AIOKafkaAdminClient(bootstrap_servers=running.kafka)
    await admin.start()
    try:
        mine = [one for one in await admin.list_topics() if one.startswith(running.prefix)]
        await admin.delete_topics(mine)

        async def gone() -> bool:
            return not set(mine) & set(await admin.list_topics())

        await until("topics that are gone", gone)
    finally:
        await admin.close()
    assert sorted(await create_topics(settings)) == sorted(mine)
