"""The system in containers, each as a careful cluster runs it: what it promises holds there too."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pymongo import AsyncMongoClient

from deploy.local.platform_faults import SYSTEMS
from deploy.local.stack import GATEWAY, SERVICES
from tests.containers.conftest import Load
from tests.containers.fleet import Fleet
from tests.integration.over_http import an_order
from tests.integration.polling import until

pytestmark = [pytest.mark.containers, pytest.mark.timeout(600)]
STARTS = 60


@pytest.fixture(scope="module")
async def portal(running: Fleet) -> AsyncIterator[httpx.AsyncClient]:
    """With a key that was made by a container of its own."""
    said = await running.job("onboarding", "keys", "create", "tests", "--role", "operator")
    key = next(word for word in said.split() if word.startswith("obk_"))
    async with httpx.AsyncClient(
        base_url=running.gateway, headers={"X-API-Key": key}, trust_env=False, timeout=20
    ) as client:
        yield client


async def test_a_partner_is_onboarded_and_the_gateway_and_the_projection_say_so(
    running: Fleet, load: Load, portal: httpx.AsyncClient
):
    order = an_order()
    answer = await portal.post("/sagas/partner-onboarding", json=order)
    assert answer.status_code == 202, answer.text
    load.note(order["correlation_id"])
    where = f"/sagas/{order['correlation_id']}/status"

    async def ended() -> Any:
        told = (await portal.get(where)).json()
        return told if told["status"] == "COMPLETED" else None

    told = await until("COMPLETED over REST", ended)
    async with AsyncMongoClient[dict[str, Any]](running.mongo) as client:
        saga = await client.saga_state.sagas.find_one({"_id": told["saga_id"]})
    assert saga
    assert saga["status"] == "COMPLETED"
    done = [running.platform.done(step, told["saga_id"]) for step in SYSTEMS]
    assert done == [["created"]] * len(SYSTEMS)


async def test_a_container_that_is_killed_under_load_and_replaced_loses_nothing_and_repeats_nothing(
    running: Fleet, load: Load
):
    sending = asyncio.create_task(load.send(STARTS))
    await until("calls are made", lambda: _made(running, "documents", STARTS // 6))
    await running.replace("documents")
    await sending
    verdict = await load.verdict()
    print(dict(verdict.counted))
    assert verdict.faults == {}


async def test_two_containers_of_a_service_share_its_partitions_and_its_work(
    running: Fleet, load: Load
):
    await running.launch("documents-2")
    await running.until_shared("documents", "documents-2")
    await load.send(STARTS)
    verdict = await load.verdict()
    assert verdict.faults == {}
    assert await running.stop(["documents-2"]) == {"documents-2": 0}
    running.forget("documents-2")


async def test_told_to_stop_under_load_each_ends_within_its_grace_with_code_0_and_loses_nothing(
    running: Fleet, load: Load
):
    names = (*SERVICES, GATEWAY)
    sending = asyncio.create_task(load.send(STARTS))
    before = len(running.platform.effects())
    await until("work goes on", lambda: _more_effects(running, before + STARTS // 6))
    assert await running.stop(names) == dict.fromkeys(names, 0)
    for name in names:
        running.forget(name)
    await running.launch(*names)
    await sending
    assert (await load.verdict()).faults == {}


async def test_no_process_is_root_has_a_right_beyond_its_own_or_may_write_to_its_image(
    running: Fleet,
):
    for name in (*SERVICES, GATEWAY):
        code, status = running.parts[name].run(
            "python", "-c", "print(open('/proc/1/status').read())"
        )
        assert code == 0, status
        facts = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        assert facts["Uid"].split() == ["10001"] * 4
        assert int(facts["CapEff"], 16) == int(facts["CapBnd"], 16) == 0
        assert facts["NoNewPrivs"].strip() == "1"
    code, said = running.parts["contract"].run("python", "-c", "open('/opt/venv/x', 'w')")
    assert code == 1
    assert "Read-only file system" in said


async def test_the_probe_of_the_image_says_yes_in_each_container(running: Fleet):
    probe = ("python", "-m", "services.runtime.healthcheck")
    for name in (*SERVICES, GATEWAY):
        assert running.parts[name].run(*probe) == (0, "")
        assert running.parts[name].run(*probe, "readyz") == (0, "")


async def _made(running: Fleet, step: str, count: int) -> bool:
    return len(running.platform.effects(step=step, what="created")) >= count


async def _more_effects(running: Fleet, count: int) -> bool:
    return len(running.platform.effects()) >= count
