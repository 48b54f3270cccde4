"""What a worker is to the machine it runs on: its batches, port, files, settings, and its end."""

import asyncio
import signal
from collections import Counter

import psutil
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from tests.integration.polling import until
from tests.integration.tiny import Tiny

SOME = range(200)
AWAY = {
    "ONBOARDING_KAFKA": "127.0.0.1:1",
    "ONBOARDING_MONGO": "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=1000",
}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


async def test_a_batch_is_what_is_ready_and_never_more_than_the_setting(tiny: Tiny):
    await tiny.send(SOME)
    await tiny.start(ONBOARDING_BATCH_MAX="7")
    await tiny.until_said(SOME)
    said = await tiny.said()
    sizes = {one.header("batch"): int(one.header("size")) for one in said}
    assert Counter(one.header("batch") for one in said) == Counter(sizes)
    assert max(sizes.values()) == 7


async def test_a_worker_listens_on_its_health_port_only(tiny: Tiny):
    worker = await (await tiny.start()).ready()
    sockets = psutil.Process(worker.pid).net_connections("inet")
    listening = [(one.laddr.ip, one.laddr.port) for one in sockets if one.status == "LISTEN"]
    host, _, port = worker.url.removeprefix("http://").rpartition(":")
    assert listening == [(host, int(port))]


async def test_a_worker_makes_no_topics_and_no_files(tiny: Tiny):
    before = await topics_of(tiny)
    worker = await (await tiny.start()).ready()
    await tiny.send(SOME)
    await tiny.until_said(SOME)
    worker.signal(signal.SIGTERM)
    assert await worker.code() == 0
    assert await topics_of(tiny) == before
    assert {file.name for file in worker.folder.iterdir()} == {"log", "health"}


async def test_sigterm_while_the_servers_are_away_ends_at_once(tiny: Tiny):
    worker = await tiny.start(**AWAY)
    await until("waiting", lambda: asyncio.to_thread(lambda: "server.away" in worker.log))
    worker.signal(signal.SIGTERM)
    assert await worker.code(60) == 0
    assert not {"Traceback", "Unclosed"} & set(worker.log.replace('"', " ").split())


async def test_what_fails_beside_a_batch_ends_the_process_at_once_and_is_named(tiny: Tiny):
    tiny.tell("hold")
    worker = await tiny.start()
    await tiny.send(SOME)
    await tiny.until_begun()
    tiny.tell("fail")
    assert await worker.code(50) == 70
    assert "process failed: RuntimeError in _fail_if_told" in worker.log
    assert "secret" not in worker.log
    tiny.take_back("fail")
    tiny.take_back("hold")
    await tiny.start()
    await tiny.until_said(SOME)


@pytest.mark.parametrize(
    ("module", "env", "line"),
    [
        ("tests.integration.tiny_service", {"ONBOARDING_KAFKA": "nowhere"}, "ONBOARDING_KAFKA: "),
        ("tests.integration.tiny_service", {"ONBOARDING_BATCH_MAX": "0"}, "ONBOARDING_BATCH_MAX: "),
        (
            "services.contract",
            {"ONBOARDING_CONTRACT_RULES": '{"prices": "many"}'},
            "ONBOARDING_CONTRACT_RULES",
        ),
        ("services.registration", {"ONBOARDING_REGISTRATION_RULES": "{"}, "REGISTRATION_RULES"),
        ("saga_state", {"ONBOARDING_MONGO": "postgres://x"}, "ONBOARDING_MONGO: "),
        ("tests.integration.tiny_service", {"NO_CYTHON": "1"}, "Cython"),
    ],
)
async def test_wrong_settings_are_one_line_and_2(
    tiny: Tiny, module: str, env: dict[str, str], line: str
):
    worker = await tiny.start(module, **env)
    assert await worker.code() == 2, worker.log
    assert line in worker.log
    assert worker.log.count("\n") == 1, worker.log


async def topics_of(tiny: Tiny) -> set[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=tiny.servers.kafka)
    await admin.start()
    try:
        return {name for name in await admin.list_topics() if name.startswith(tiny.prefix)}
    finally:
        await admin.close()
