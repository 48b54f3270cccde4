"""The contract between services/runtime/agent.py and Faust, with real processes on a real broker.

Counted is what reached topics, whatever a process believes of itself.
"""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from tests.conftest import RealServers
from tests.integration.outside import PARTITIONS
from tests.integration.polling import until
from tests.integration.tiny import Tiny, tiny_on

SOME = range(200)
AWAY = {
    "ONBOARDING_KAFKA": "127.0.0.1:1",
    "ONBOARDING_MONGO": "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=1000",
}
# So that no worker is taken for dead on a busy machine: nothing is said twice then.
LONG_SESSION = {"ONBOARDING_KAFKA_SESSION_TIMEOUT_SECONDS": "6"}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
async def tiny(real_servers: RealServers, prefix: str, tmp_path: Path) -> AsyncIterator[Tiny]:
    async with tiny_on(real_servers, prefix, tmp_path) as tiny:
        yield tiny


async def test_an_exception_in_a_batch_ends_the_process_and_loses_nothing(tiny: Tiny):
    tiny.tell("raise")
    await tiny.send(SOME)
    worker = await tiny.start()
    assert await worker.code() == 70
    assert "RuntimeError in _misbehave" in worker.log
    assert "secret" not in worker.log
    assert await tiny.said() == []
    tiny.take_back("raise")
    await tiny.start()
    await tiny.until_said(SOME)


async def test_kill_9_in_the_middle_of_a_batch_loses_nothing(tiny: Tiny):
    tiny.tell("hold")
    await tiny.send(SOME)
    worker = await tiny.start()
    await tiny.until_begun()
    await until_it_told_again(tiny)
    worker.signal(signal.SIGKILL)
    assert await worker.code() == -9
    tiny.take_back("hold")
    await tiny.start()
    await tiny.until_said(SOME)


async def test_kill_9_under_load_again_and_again_loses_nothing(tiny: Tiny):
    for life in range(2):
        worker = await tiny.start(ONBOARDING_BATCH_MAX="10")
        await tiny.send(range(life * 500, life * 500 + 500))
        await tiny.until_said(range(life * 500, life * 500 + 1))
        worker.signal(signal.SIGKILL)
        assert await worker.code() == -9
    await tiny.start()
    await tiny.until_said(range(1000))


async def test_sigterm_lets_a_batch_finish_and_commits_it(tiny: Tiny):
    tiny.tell("hold")
    await tiny.send(SOME)
    worker = await tiny.start(**LONG_SESSION)
    await tiny.until_begun()
    worker.signal(signal.SIGTERM)
    await until("told to stop", lambda: asyncio.to_thread(lambda: not worker._is_ready()))
    taken = await tiny.numbers("begun")
    tiny.take_back("hold")
    assert await worker.code() == 0
    assert sorted(await tiny.numbers()) == sorted(taken)
    await tiny.start()
    await tiny.until_said(SOME)
    await tiny.until_all_committed()
    assert Counter(await tiny.numbers()) == Counter(SOME), "said twice after a clean stop"


async def test_a_worker_stopped_at_rest_leaves_nothing_to_do_again(tiny: Tiny):
    worker = await tiny.start()
    await tiny.send(SOME)
    await tiny.until_said(SOME)
    worker.signal(signal.SIGTERM)
    assert await worker.code() == 0
    assert await tiny.unread() == {}


@pytest.mark.parametrize("stop", [True, False], ids=["told to stop", "left alone"])
async def test_a_hung_handler_is_ended_by_the_watchdog(tiny: Tiny, stop: bool):
    tiny.tell("hang")
    await tiny.send(SOME)
    worker = await tiny.start(ONBOARDING_BATCH_DEADLINE_SECONDS="3")
    await tiny.until_begun()
    if stop:
        worker.signal(signal.SIGTERM)
    assert await worker.code() == 70
    assert "a batch hangs" in worker.log
    assert await tiny.unread() != {}
    tiny.take_back("hang")
    await tiny.start()
    await tiny.until_said(SOME)


async def test_a_hung_event_loop_is_ended_by_the_watchdog(tiny: Tiny):
    tiny.tell("block")
    await tiny.send(SOME)
    worker = await tiny.start()
    assert await worker.code(90) == 70
    assert "the event loop hangs" in worker.log
    tiny.take_back("block")
    await tiny.start()
    await tiny.until_said(SOME)


@pytest.mark.parametrize("linger", ["0", "0.05"])
async def test_workers_that_join_and_leave_lose_nothing(tiny: Tiny, linger: str):
    lingers = {"ONBOARDING_BATCH_MAX": "20", "TINY_LINGER_SECONDS": linger}
    enough = asyncio.Event()
    sending = asyncio.create_task(keep_sending(tiny, enough))
    first = await tiny.start(**lingers)
    second = await tiny.start(**lingers)
    await until_shared(tiny, 2)
    second.signal(signal.SIGTERM)
    assert await second.code() == 0
    third = await tiny.start(**lingers)
    await until_shared(tiny, 2)
    first.signal(signal.SIGKILL)
    enough.set()
    await tiny.until_said(range(await sending))
    await tiny.until_all_committed()
    assert third.process.returncode is None


async def test_a_rebalance_in_the_middle_of_a_batch_waits_for_it(tiny: Tiny):
    """Events of the generation before, still in the queue, must not be acknowledged with it."""
    tiny.tell("hold")
    await tiny.send(SOME)
    first = await tiny.start(ONBOARDING_BATCH_MAX="20")
    await tiny.until_begun()
    second = await tiny.start(ONBOARDING_BATCH_MAX="20")
    await until("a second instance", lambda: _has_instances(tiny, 1))
    tiny.take_back("hold")
    await tiny.until_said(SOME)
    await tiny.until_all_committed()
    assert (first.process.returncode, second.process.returncode) == (None, None)


async def test_two_workers_share_the_partitions(tiny: Tiny):
    for _ in range(2):
        await tiny.start()
    await until_shared(tiny, 2)
    await tiny.send(range(400))
    await tiny.until_said(range(400))
    assert len({one.header("pid") for one in await tiny.said()}) == 2
    await tiny.until_all_committed()


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
    assert await worker.code(20) == 0
    assert not {"Traceback", "Unclosed"} & set(worker.log.replace('"', " ").split())


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


async def keep_sending(tiny: Tiny, enough: asyncio.Event) -> int:
    """Numbers from 0, never more than 500 ahead of what the workers said; how many."""
    sent = 0
    while not enough.is_set():
        await tiny.send(range(sent, sent + 50))
        sent += 50
        await tiny.until_said(range(sent - 500))
    return sent


async def until_shared(tiny: Tiny, workers: int) -> None:
    """Wait until so many workers have all partitions among them, each some."""

    async def shared() -> bool:
        parts = [one["partitions"] for one in await tiny.instances() if one["partitions"]]
        return len(parts) == workers and sorted(part for parts_ in parts for part in parts_) == all_

    all_ = [f"{tiny.topic('in')}/{number}" for number in range(PARTITIONS)]
    await until(f"{workers} workers share", shared)


async def until_it_told_again(tiny: Tiny) -> None:
    """Wait for its next sign of life, 5 s later: Faust commits every second what is acknowledged."""
    told: set[object] = set()

    async def twice() -> bool:
        told.update(one["seen_at"] for one in await tiny.instances())
        return len(told) >= 2

    await until("signs of life", twice)


async def _has_instances(tiny: Tiny, count: int) -> bool:
    return len(await tiny.instances()) >= count


async def topics_of(tiny: Tiny) -> set[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=tiny.servers.kafka)
    await admin.start()
    try:
        return {name for name in await admin.list_topics() if name.startswith(tiny.prefix)}
    finally:
        await admin.close()
