"""The sandbox platform as a part of the stack: who is told where it is, and what outlives what."""

import json
import signal
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local.platform_faults import SYSTEMS
from deploy.local.stack import Options, running
from tests.deploy.sandbox import Sandbox

pytestmark = pytest.mark.slow

NOWHERE = {"kafka": "kafka.example:9092", "mongo": "mongodb://mongo.example"}
SERVICE = """
import http.server, json, os, pathlib

class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(dict(os.environ)).encode())

server = http.server.HTTPServer(("127.0.0.1", 0), Health)
url = f"http://127.0.0.1:{server.server_port}"
pathlib.Path(os.environ["ONBOARDING_HEALTH_FILE"]).write_text(url)
server.serve_forever()
"""


@pytest.fixture
def options(folder, tmp_path: Path, monkeypatch) -> Options:
    """One service, found in the working folder first; servers that nobody asks."""
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "__init__.py").touch()
    (tmp_path / "services" / "documents.py").write_text(SERVICE)
    monkeypatch.chdir(tmp_path)
    return Options(folder.root, broker=None, services=("documents",), platform=True, **NOWHERE)


async def test_services_start_after_it_and_stop_before_it(options, heard):
    async with running(options, nothing, heard):
        assert heard.names("process.ready") == ["platform", "documents"]
    assert heard.names("process.stopped") == ["documents", "platform"]


async def test_its_address_is_in_the_run_file_and_in_the_settings_of_services(
    options, folder, heard
):
    async with running(options, nothing, heard) as stack:
        assert json.loads(folder.run_file.read_text())["platform"] == stack.platform
        told = environment_of(folder.health_url("documents"))
        assert {step: told[f"ONBOARDING_{step.upper()}_URL"] for step in SYSTEMS} == {
            step: f"{stack.platform}/{step}" for step in SYSTEMS
        }


async def test_killed_it_is_back_at_the_same_address_and_knows_what_it_did(options, folder, heard):
    async with running(options, nothing, heard) as stack:
        platform = Sandbox(stack.platform, folder.root / "platform.jsonl")
        await platform.put("s-1")
        stack.supervisor.kill("platform", signal.SIGKILL)
        await stack.supervisor.wait_ready("platform")
        assert (await platform.put("s-1")).status_code == 200
        assert platform.done("documents", "s-1") == ["created", "repeated"]
        assert json.loads(folder.run_file.read_text())["platform"] == stack.platform


async def test_where_data_is_kept_its_log_is_kept_too(options, folder, heard):
    """As MongoDB: effects without the sagas that they are of would mislead."""
    for _ in range(2):
        async with running(options, nothing, heard) as stack:
            await Sandbox(stack.platform, folder.root).put("s-1")
    assert Sandbox("", folder.root / "platform.jsonl").done("documents", "s-1") == [
        "created", "repeated",
    ]  # fmt: skip


@pytest.mark.servers
async def test_with_the_embedded_broker_its_log_is_as_short_lived_as_the_topics(
    options, folder, heard
):
    embedded = replace(options, broker="embedded", kafka=None, mongo=None)
    async with running(embedded, nothing, heard) as stack:
        await Sandbox(stack.platform, folder.root).put("s-1")
        log = folder.scratch / "platform.jsonl"
        assert log.exists()
    assert not log.exists()


async def nothing(kafka: str, mongo: str) -> None:
    """No topics are needed here."""


def environment_of(url: str) -> dict[str, str]:
    with urllib.request.urlopen(url, timeout=5) as answer:
        told: dict[str, str] = json.load(answer)
        return told
