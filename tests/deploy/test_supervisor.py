"""The supervisor, with children that are a few lines of Python."""

import asyncio
import json
import os
import signal
from collections.abc import Mapping

import pytest

from deploy.local.backoff import Backoff
from deploy.local.errors import ChildFailed, StackDied
from deploy.local.supervisor import supervising

FAST = Backoff(base_seconds=0.01, cap_seconds=0.05)
DEAF = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('deaf', flush=True)\n"


async def test_a_child_starts_when_those_it_comes_after_are_ready(folder, heard, python):
    async with supervising(folder, heard, FAST) as supervisor:
        await supervisor.launch([python("second", after=("first",)), python("first")])
    assert [event[:2] for event in heard.events[:4]] == [
        ("process.started", "first"),
        ("process.ready", "first"),
        ("process.started", "second"),
        ("process.ready", "second"),
    ]


async def test_children_stop_before_those_they_came_after_and_none_is_left(
    folder, heard, python, gone
):
    async with supervising(folder, heard, FAST) as supervisor:
        await supervisor.launch([python("first"), python("second", after=("first",))])
        pids = [supervisor.pid(name) for name in supervisor.names()]
    assert heard.names("process.stopped") == ["second", "first"]
    assert all(gone(pid) for pid in pids)
    assert not folder.run_file.exists()


async def test_a_killed_child_is_started_again(folder, heard, python, eventually):
    async with supervising(folder, heard, FAST) as supervisor:
        await supervisor.launch([python("worker")])
        before = supervisor.pid("worker")
        supervisor.kill("worker", signal.SIGKILL)
        await supervisor.wait_ready("worker")
        assert supervisor.pid("worker") not in (None, before)
        assert heard.names("process.crashed") == ["worker"]
        listed = json.loads(folder.run_file.read_text())["processes"]
        assert [one["pid"] for one in listed] == [supervisor.pid("worker")]


async def test_a_child_that_ends_by_itself_is_started_again_even_if_it_says_zero(
    folder, heard, python, eventually
):
    async with supervising(folder, heard, FAST) as supervisor:
        await supervisor.launch([python("worker", "")])
        await eventually(lambda: heard.names("process.started").count("worker") >= 2)


async def test_a_child_is_told_how_often_it_stopped_itself(folder, heard, python, eventually):
    code = "import os, sys; print(os.environ['ONBOARDING_FAIL_STOPS'], flush=True); sys.exit({})"
    async with supervising(folder, heard, FAST) as supervisor:
        await supervisor.launch([python("a", code.format(70)), python("b", code.format(1))])

        def told(name: str) -> list[str]:
            return folder.log(name).read_text().split()[:3]

        await eventually(lambda: (told("a"), told("b")) == (["0", "1", "2"], ["0", "0", "0"]))


async def test_wrong_settings_are_reported_with_the_log_and_never_retried(folder, heard, python):
    code = "import sys; sys.exit(print('ONBOARDING_PARTITIONS: must be > 0', flush=True) or 2)"
    async with supervising(folder, heard, FAST) as supervisor:
        with pytest.raises(ChildFailed, match="ONBOARDING_PARTITIONS: must be > 0") as failure:
            await supervisor.launch([python("worker", code, ready=never)])
    assert failure.value.exit_code == 2
    assert heard.names("process.started") == ["worker"]


async def test_a_child_that_crashes_before_it_was_ever_ready_is_given_up(folder, heard, python):
    async with supervising(folder, heard, FAST) as supervisor:
        with pytest.raises(ChildFailed, match="no luck") as failure:
            await supervisor.launch([python("worker", "raise OSError('no luck')", ready=never)])
    assert failure.value.exit_code == 1
    assert heard.names("process.started") == ["worker"] * 3


async def test_a_child_that_is_not_ready_in_time_is_reported_with_its_log(folder, heard, python):
    code = "print('still thinking', flush=True)\nimport time; time.sleep(60)"
    async with supervising(folder, heard, FAST) as supervisor:
        with pytest.raises(ChildFailed, match=r"not ready in 5 s(.|\n)*still thinking"):
            await supervisor.launch([python("worker", code, ready=never, ready_seconds=5)])


async def test_a_command_that_does_not_exist_is_reported(folder, heard, python):
    missing = python("worker")
    missing = type(missing)("worker", ("/no/such/command",), {})
    async with supervising(folder, heard, FAST) as supervisor:
        with pytest.raises(ChildFailed, match="worker does not start"):
            await supervisor.launch([missing])


async def test_the_death_of_a_child_that_must_not_be_replaced_stops_all_with_70(
    folder, heard, python, eventually
):
    async with supervising(folder, heard, FAST) as supervisor:
        await supervisor.launch([python("broker", restart=False), python("worker")])
        supervisor.kill("broker", signal.SIGKILL)
        with pytest.raises(StackDied) as death:
            await supervisor.wait()
        assert death.value.exit_code == 70
        await eventually(lambda: supervisor.pid("worker") is None)
    assert heard.names("process.started").count("broker") == 1


async def test_work_is_cancelled_when_the_stack_dies_under_it(folder, heard, python):
    async with supervising(folder, heard, FAST) as supervisor:
        await supervisor.launch([python("broker", restart=False)])
        assert await supervisor.during(asyncio.sleep(0, "done")) == "done"
        supervisor.kill("broker", signal.SIGKILL)
        with pytest.raises(StackDied):
            await supervisor.during(asyncio.Event().wait())


async def test_a_child_deaf_to_sigterm_is_killed_after_its_grace(
    folder, heard, python, eventually, gone
):
    code = DEAF + "import time; time.sleep(60)"
    async with supervising(folder, heard, FAST) as supervisor:
        await supervisor.launch([python("worker", code, stop_grace_seconds=0.2)])
        await eventually(lambda: b"deaf" in folder.log("worker").read_bytes())
        pid = supervisor.pid("worker")
        await supervisor.stop("worker")
    assert gone(pid)


async def test_a_stopped_child_stays_stopped_until_it_is_started(folder, heard, python):
    async with supervising(folder, heard, FAST) as supervisor:
        await supervisor.launch([python("worker")])
        await supervisor.stop("worker")
        assert supervisor.pid("worker") is None
        with pytest.raises(ChildFailed, match="was stopped"):
            await supervisor.wait_ready("worker")
        with pytest.raises(ProcessLookupError):
            supervisor.kill("worker")
        await supervisor.start("worker")
        assert supervisor.pid("worker") is not None


async def test_a_child_that_waits_to_be_started_again_can_be_stopped_at_once(
    folder, heard, python, eventually
):
    async with supervising(folder, heard, Backoff(base_seconds=600, cap_seconds=600)) as supervisor:
        await supervisor.launch([python("worker")])
        supervisor.kill("worker")
        await eventually(lambda: heard.names("process.crashed"))
        await asyncio.wait_for(supervisor.stop("worker"), 5)


async def test_a_listener_that_fails_leaves_no_child_behind(folder, python, eventually, gone):
    pids = []

    def listen(event: str, fields: Mapping[str, object]) -> None:
        pids.append(fields["pid"])
        raise BrokenPipeError("nobody reads")

    async with supervising(folder, listen, FAST) as supervisor:
        with pytest.raises(BrokenPipeError):
            await supervisor.launch([python("worker", ready=never)])
        await eventually(lambda: gone(pids[0]))


async def test_ctrl_c_reaches_the_supervisor_only(folder, heard, python):
    async with supervising(folder, heard, FAST) as supervisor:
        await supervisor.launch([python("worker")])
        assert os.getpgid(supervisor.pid("worker")) != os.getpgid(os.getpid())


async def never() -> bool:
    return False
