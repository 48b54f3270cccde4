"""What our own side cannot do any more ends the whole stack, in order, and is told."""

import shutil
import signal
from collections.abc import Callable, Mapping

import pytest

from deploy.local.backoff import Backoff
from deploy.local.errors import StackDied
from deploy.local.folder import StateFolder
from deploy.local.supervisor import supervising

FAST = Backoff(base_seconds=0.01, cap_seconds=0.05)


def deleted(folder: StateFolder) -> None:
    shutil.rmtree(folder.root)


def blocked(folder: StateFolder) -> None:
    """As on a full disk: the new content cannot take the place of the old one."""
    folder.run_file.unlink()
    folder.run_file.mkdir()


@pytest.mark.parametrize(("spoil", "why"), [(deleted, "No such file"), (blocked, "Is a directory")])
async def test_a_run_file_that_cannot_be_written_stops_all_with_70(
    folder, heard, python, eventually, gone, spoil: Callable[[StateFolder], None], why
):
    async with supervising(folder, heard, FAST) as supervisor:
        await supervisor.launch([python("first"), python("second", after=("first",))])
        pids = [supervisor.pid(name) for name in supervisor.names()]
        spoil(folder)
        supervisor.kill("first", signal.SIGKILL)
        with pytest.raises(StackDied, match=rf"run.json cannot be written: {why}") as death:
            await supervisor.wait()
        assert death.value.exit_code == 70
        await eventually(lambda: all(gone(pid) for pid in pids))
    assert heard.names("process.stopped") == ["second"]


async def test_a_run_file_that_cannot_be_written_leaves_no_half_of_it(folder, heard, python):
    async with supervising(folder, heard, FAST) as supervisor:
        await supervisor.launch([python("worker")])
        blocked(folder)
        supervisor.kill("worker", signal.SIGKILL)
        with pytest.raises(StackDied):
            await supervisor.wait()
        assert [file.name for file in folder.root.glob(".run-*")] == []


async def test_a_run_file_that_cannot_be_written_ends_the_start_too(folder, heard, python, gone):
    async with supervising(folder, heard, FAST) as supervisor:
        folder.run_file.mkdir()
        with pytest.raises(StackDied, match=r"run\.json cannot be written"):
            await supervisor.launch([python("worker")])
        assert supervisor.pid("worker") is None


async def test_a_folder_deleted_before_a_stop_does_not_keep_it_from_stopping(
    folder, heard, python, gone
):
    async with supervising(folder, heard, FAST) as supervisor:
        await supervisor.launch([python("first"), python("second", after=("first",))])
        pids = [supervisor.pid(name) for name in supervisor.names()]
        deleted(folder)
    assert all(gone(pid) for pid in pids)


async def test_a_listener_that_fails_later_stops_all(folder, python, eventually, gone):
    def listen(event: str, fields: Mapping[str, object]) -> None:
        if event == "process.crashed":
            raise BrokenPipeError("nobody reads")

    async with supervising(folder, listen, FAST) as supervisor:
        await supervisor.launch([python("one"), python("other")])
        pids = [supervisor.pid(name) for name in supervisor.names()]
        supervisor.kill("one", signal.SIGKILL)
        with pytest.raises(BrokenPipeError):
            await supervisor.wait()
        await eventually(lambda: all(gone(pid) for pid in pids))


async def test_a_question_for_readiness_that_fails_is_not_taken_for_a_slow_start(
    folder, heard, python, gone
):
    async def broken() -> bool:
        raise RuntimeError("no answer is not an answer")

    async with supervising(folder, heard, FAST) as supervisor:
        with pytest.raises(RuntimeError, match="no answer"):
            await supervisor.launch([python("worker", ready=broken)])
        assert supervisor.pid("worker") is None


async def test_a_question_for_readiness_that_fails_in_a_later_life_stops_all(
    folder, heard, python, eventually, gone
):
    asked = []

    async def broken_later() -> bool:
        asked.append(1)
        if len(asked) > 1:
            raise RuntimeError("no answer is not an answer")
        return True

    async with supervising(folder, heard, FAST) as supervisor:
        await supervisor.launch([python("worker", ready=broken_later), python("other")])
        other = supervisor.pid("other")
        supervisor.kill("worker", signal.SIGKILL)
        with pytest.raises(RuntimeError, match="no answer"):
            await supervisor.wait()
        await eventually(lambda: gone(other))
