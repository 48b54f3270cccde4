"""The state folder: one holder, files that are whole, logs of the run before."""

import asyncio
import json
import os
import stat
import subprocess
import sys

import pytest

from deploy.local.errors import FolderRefused
from deploy.local.supervisor import supervising

HOLD = """
import sys, pathlib
from deploy.local.folder import StateFolder
with StateFolder(pathlib.Path(sys.argv[1])).held():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_holder_is_told_who_has_the_folder_and_exits_2(folder):
    in_use = pytest.raises(FolderRefused, match=f"process {os.getpid()}$")
    with folder.held(), in_use as refusal, folder.held():
        pytest.fail("two hold it")
    assert refusal.value.exit_code == 2


def test_a_holder_that_was_killed_holds_no_longer(folder):
    argv = [sys.executable, "-c", HOLD, str(folder.root)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(FolderRefused, match=f"process {holder.pid}$"), folder.held():
            pass
        holder.kill()
    with folder.held():
        assert (folder.root / "lock").read_text() == str(os.getpid())


def test_what_is_true_only_of_a_run_is_gone_before_and_after_it(folder):
    for left in (folder.scratch / "mongo" / "old", folder.health_file("gateway")):
        left.parent.mkdir(parents=True)
        left.write_text("http://127.0.0.1:1")
    with folder.held():
        assert not folder.scratch.exists()
        assert folder.health_url("gateway") is None
        folder.write_run_file({"kafka": "a:1"})
    assert not folder.run_file.exists()


def test_the_run_file_is_for_its_owner_only(folder):
    with folder.held():
        folder.write_run_file({"mongo": "mongodb://user:secret@host"})
        assert stat.S_IMODE(folder.run_file.stat().st_mode) == 0o600
        assert json.loads(folder.run_file.read_text())["mongo"].startswith("mongodb://")


async def test_the_log_of_the_run_before_is_kept_aside(folder, heard, python, eventually):
    for text in ("one", "two"):
        async with supervising(folder, heard) as supervisor:
            await supervisor.launch([python("worker", f"print('{text}')\nimport time")])
            await eventually(lambda said=text: said in folder.log("worker").read_text())
            await asyncio.wait_for(supervisor.stop("worker"), 10)
    assert "one" not in folder.log("worker").read_text()
    assert "one" in folder.log("worker").with_name("worker.log.1").read_text()
