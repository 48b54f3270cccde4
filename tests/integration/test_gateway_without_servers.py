"""The gateway while a server is away: it says unknown, not yes, and goes on by itself."""

import signal
from pathlib import Path
from uuid import uuid4

import pytest
from over_http import Portal, an_order, portal

from deploy.local.stack import Stack
from tests.integration.polling import until
from tests.own_servers import servers_or_skip

pytestmark = [pytest.mark.servers, pytest.mark.slow]
QUICK = {"ONBOARDING_GATEWAY_ANSWER_SECONDS": "2"}


@pytest.fixture(scope="module")
async def own(tmp_path_factory: pytest.TempPathFactory):
    """Servers that may be stopped, a gateway and the first step."""
    folder: Path = tmp_path_factory.mktemp("alone")
    async with servers_or_skip("embedded", folder / "servers") as servers:
        prefix = f"t{uuid4().hex[:8]}-"
        async with portal(
            servers.kafka, servers.mongo, prefix, folder / "system",
            services=("registration", "saga_state"), env=QUICK,
        ) as one:  # fmt: skip
            yield one, servers


async def is_ready(one: Portal, name: str, status: int) -> None:
    """Wait until the health page of a process says so."""

    async def told() -> bool:
        return (await one.system.readyz(name))[0] == status

    await until(f"readiness of {name} is {status}", told)


@pytest.mark.parametrize("server", ["kafka", "mongo"])
async def test_a_start_is_unknown_while_a_server_hangs_and_its_repeat_is_the_same_saga(
    own: tuple[Portal, Stack], server: str
):
    one, servers = own
    order = an_order()
    servers.supervisor.kill(server, signal.SIGSTOP)
    try:
        answer = await one.first.post("/sagas/partner-onboarding", json=order)
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        if server == "kafka":  # without the other it does not even know who asks
            assert answer.json()["correlation_id"] == order["correlation_id"]
        for name in ("gateway", "registration"):
            await is_ready(one, name, 503)
        assert (await one.first.get("/readyz")).status_code == 503
        assert (await one.first.get("/livez")).status_code == 200
    finally:
        servers.supervisor.kill(server, signal.SIGCONT)
    for name in ("gateway", "registration"):
        await is_ready(one, name, 200)

    async def taken() -> bool:
        again = await one.first.post("/sagas/partner-onboarding", json=order)
        return again.status_code == 202

    await until("it is taken", taken)

    async def registered() -> bool:
        found = await one.system.sagas(correlation_id=order["correlation_id"])
        return [saga["status"] for saga in found] == ["PARTNER_REGISTERED"]

    await until("it is registered, once", registered)


async def test_reading_says_so_while_the_database_hangs(own: tuple[Portal, Stack]):
    one, servers = own
    servers.supervisor.kill("mongo", signal.SIGSTOP)
    try:
        answer = await one.first.get(f"/sagas/{uuid4()}/status", timeout=10)
        assert (answer.status_code, answer.json()["codigo"]) == (503, "UNAVAILABLE")
    finally:
        servers.supervisor.kill("mongo", signal.SIGCONT)
