"""What the chart tells pods, told to real processes: the job first, then they become ready, and end.

The commands are run too that NOTES.txt and docs/kubernetes.md have a person run in the gateway.
"""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.conftest import RealServers
from tests.deploy.helm_chart import Manifest, environment, pods, render

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(600)]
PATIENCE_SECONDS = 120.0
RUN = ("registration", "saga-state", "gateway")


class Pod:
    """The process of a pod, in a folder that nothing may be written to."""

    def __init__(self, name: str, pod: Manifest, files: Path) -> None:
        (container,) = pod["containers"]
        program, *arguments = container["command"]
        self.name, self.health = name, files / f"{name}.health"
        self.log = files / f"{name}.log"
        self.command = [str(Path(sys.executable).with_name(program)), *arguments]
        ours = {key: os.environ.get(key, "") for key in ("PATH", "PYTHONPATH")}
        self.env = ours | {
            key: value.replace("/etc/onboarding", str(files))
            for key, value in environment(pod).items()
        }
        # Of a cluster: a port of one's own, an address that others reach.
        loopback = {"HEALTH_HOST": "127.0.0.1", "HEALTH_PORT": "0", "HEALTH_FILE": str(self.health)}
        if name == "gateway":
            loopback |= {"GATEWAY_HOST": "127.0.0.1", "GATEWAY_PORT": "0"}
        self.env |= {f"ONBOARDING_{key}": value for key, value in loopback.items()}
        self.process: asyncio.subprocess.Process

    async def start(self, folder: Path) -> None:
        with self.log.open("w") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.command, cwd=folder, env=self.env, stdout=log, stderr=log
            )

    async def exec(self, folder: Path, *command: str) -> str:
        """What a command says that a person runs in the pod."""
        program, *arguments = command
        beside = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name(program),
            *arguments,
            cwd=folder,
            env=self.env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(beside.communicate(), PATIENCE_SECONDS)
        assert beside.returncode == 0, said.decode()
        return said.decode()

    async def stop(self) -> int:
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), PATIENCE_SECONDS)

    def answers(self, page: str) -> bool:
        assert self.process.returncode is None, self.log.read_text()
        with suppress(OSError, HTTPException):
            return bool(urlopen(f"{self.health.read_text()}{page}", timeout=5).status == 200)
        return False


@pytest.fixture
def found(real_servers: RealServers, prefix: str, tmp_path: Path) -> dict[str, Pod]:
    """The processes of a release that makes its topics by a job; one without copies."""
    (tmp_path / "mongo-uri").write_text(real_servers.mongo)
    (tmp_path / "hash-key").write_text("of-the-test")
    values = {
        "kafka": {"brokers": real_servers.kafka},
        "prefix": prefix,
        "topics": {"by": "job", "replication": 1},
    }
    return {name: Pod(name, pod, tmp_path) for name, pod in pods(render(values))}


async def test_the_job_makes_topics_and_the_others_become_ready_and_end_when_told(
    found, tmp_path, eventually
):
    empty = tmp_path / "empty"
    empty.mkdir(mode=0o555)
    await found["topics"].start(empty)
    assert await asyncio.wait_for(found["topics"].process.wait(), PATIENCE_SECONDS) == 0
    running = [found[name] for name in RUN]
    for pod in running:
        await pod.start(empty)
    try:
        for pod in running:
            await eventually(lambda pod=pod: pod.answers("/livez"), PATIENCE_SECONDS)
            await eventually(lambda pod=pod: pod.answers("/readyz"), PATIENCE_SECONDS)
        topics = await found["gateway"].exec(empty, "onboarding", "topics", "list")
        assert topics.count(".dlq") == 6
        made = await found["gateway"].exec(
            empty, "onboarding", "keys", "create", "portal", "--role", "operator"
        )
        assert "portal" in made
    finally:
        codes = {pod.name: await pod.stop() for pod in running}
    assert codes == dict.fromkeys(RUN, 0), [pod.log.read_text() for pod in running]
    assert [*empty.iterdir()] == []
