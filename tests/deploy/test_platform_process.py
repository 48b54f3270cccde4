"""The sandbox platform as a process: its log, that a restart loses nothing, how it starts and ends."""

import asyncio
import json
import signal
from pathlib import Path

import httpx
import pytest

from deploy.local.platform_effects import Effects, LogRefusedError
from deploy.local.ports import free_ports
from tests.deploy.sandbox import sandbox_here, sandbox_process, start_sandbox

pytestmark = pytest.mark.slow


async def test_a_log_that_is_full_does_nothing_and_says_so(tmp_path: Path):
    async with sandbox_here(tmp_path / "log", most_bytes=400) as one:
        statuses = [(await one.put(f"s-{number}")).status_code for number in range(5)]
    assert statuses == [200, 200, 503, 503, 503]
    assert [line["saga"] for line in one.effects()] == ["s-0", "s-1"]
    assert one.log.stat().st_size <= 400


async def test_kill_9_loses_nothing(tmp_path: Path):
    log = tmp_path / "deep" / "log.jsonl"
    async with sandbox_process(log) as (one, process):
        await one.tell("refuse", saga_id="no")
        for saga in ("yes", "no", "gone"):
            await one.put(saga)
        await one.delete("gone")
        await one.delete("never")
        process.kill()
        await process.wait()
    async with sandbox_process(log) as (one, _):
        statuses = [(await one.put(saga)).status_code for saga in ("yes", "no", "gone", "never")]
        assert statuses == [200, 422, 410, 410]
        assert sum(one.counted("created").values()) == 2
        assert await one.told() == []


async def test_half_a_line_was_never_answered_and_is_taken_away(tmp_path: Path):
    log = tmp_path / "log"
    async with sandbox_here(log) as one:
        await one.put("s-1")
        await one.put("s-2")
    log.write_bytes(log.read_bytes()[:-20])
    async with sandbox_here(log) as one:
        assert [line["saga"] for line in one.effects()] == ["s-1"]
        await one.put("s-2")
        assert sandbox_lines(log) == [("created", "s-1"), ("created", "s-2")]


@pytest.mark.parametrize("line", ["{}", "[]", "x", '{"what": "created"}', ""])
def test_another_file_is_not_taken_for_a_log(tmp_path: Path, line: str):
    log = tmp_path / "log"
    log.write_text(f"{line}\n")
    with pytest.raises(LogRefusedError, match="line 1 is no effect"):
        Effects(log, lambda: None)
    assert log.read_text() == f"{line}\n"


async def test_it_listens_on_loopback_only_and_ends_with_0(tmp_path: Path):
    async with sandbox_process(tmp_path / "log") as (one, process):
        assert one.url.startswith("http://127.0.0.1:")
        await one.tell("slow", seconds=60)
        slow = asyncio.create_task(one.put("s-1"))
        await one.get("s-1")
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0
        with pytest.raises(httpx.TransportError):
            await slow
        assert one.effects() == []


async def test_a_port_in_use_is_one_line_and_1(tmp_path: Path):
    (port,) = free_ports(1)
    async with sandbox_process(tmp_path / "log", port):
        code, told = await ends("--port", str(port), "--log", str(tmp_path / "other"))
    assert (code, told.count("\n")) == (1, 1)
    assert f"port {port}" in told


async def test_a_file_that_is_no_log_is_one_line_and_2(tmp_path: Path):
    (tmp_path / "log").write_text("x\n")
    code, told = await ends("--port", "0", "--log", str(tmp_path / "log"))
    assert (code, told.count("\n")) == (2, 1)
    assert "line 1 is no effect" in told


async def test_a_file_that_cannot_be_had_is_one_line_and_1(tmp_path: Path):
    code, told = await ends("--port", "0", "--log", str(tmp_path))
    assert (code, told) == (1, f"{tmp_path}: Is a directory\n")


@pytest.mark.parametrize("arguments", [[], ["--port", "x", "--log", "l"], ["--port", "0"]])
async def test_wrong_usage_is_2(arguments: list[str]):
    code, told = await ends(*arguments)
    assert (code, "usage: python -m deploy.local.platform" in told) == (2, True)


async def ends(*arguments: str) -> tuple[int, str]:
    process = await start_sandbox(*arguments)
    _, told = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode or 0, told.decode()


def sandbox_lines(log: Path) -> list[tuple[str, str]]:
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return [(one["what"], one["saga"]) for one in lines]
