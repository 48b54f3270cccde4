"""No child outlives its supervisor, however that ends."""

import asyncio
import json
import signal
import subprocess
import sys

import pytest

from deploy.local.child import leash

SUPERVISE = """
import asyncio, sys, pathlib
from deploy.local.stack import Options, servers
async def main(folder):
    async with servers(Options(folder=pathlib.Path(folder)), lambda event, fields: None) as stack:
        print("up", flush=True)
        await stack.supervisor.wait()
asyncio.run(main(sys.argv[1]))
"""


@pytest.mark.servers
async def test_kill_9_of_the_supervisor_leaves_no_child_behind(folder, eventually, gone):
    argv = [sys.executable, "-c", SUPERVISE, str(folder.root)]
    supervisor = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    assert supervisor.stdout
    assert await asyncio.wait_for(supervisor.stdout.readline(), 120) == b"up\n"
    pids = [one["pid"] for one in json.loads(folder.run_file.read_text())["processes"]]
    assert len(pids) == 2
    assert not any(gone(pid) for pid in pids)
    supervisor.kill()
    await supervisor.wait()
    await eventually(lambda: all(gone(pid) for pid in pids))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's leash is Linux only")
def test_a_child_whose_parent_died_before_the_leash_was_on_ends_itself():
    not_our_pid = 2**22 + 1  # above Linux's largest pid: nobody's parent
    child = subprocess.Popen([sys.executable, "-c", ""], preexec_fn=leash(not_our_pid))
    assert child.wait(10) == -signal.SIGKILL
