"""The whole stack, with modules of a dozen lines in the place of the services."""

import json
import signal
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import pytest

from deploy.local.errors import ChildFailed
from deploy.local.folder import StateFolder
from deploy.local.stack import Options, running

SERVICE = """
import json, os, pathlib
from http.server import BaseHTTPRequestHandler, HTTPServer

class Health(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(dict(os.environ)).encode())

server = HTTPServer(("127.0.0.1", int(os.environ["ONBOARDING_HEALTH_PORT"])), Health)
url = f"http://127.0.0.1:{server.server_port}"
pathlib.Path(os.environ["ONBOARDING_HEALTH_FILE"]).write_text(url)
server.serve_forever()
"""
NOWHERE = {"kafka": "kafka.example:9092", "mongo": "mongodb://mongo.example"}


@pytest.fixture
def services(tmp_path: Path, monkeypatch) -> None:
    """`python -m` looks into the working folder first."""
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "__init__.py").touch()
    for module in ("services/registration", "services/gateway", "saga_state"):
        (tmp_path / f"{module}.py").write_text(SERVICE)
    (tmp_path / "services" / "contract.py").write_text("import sys; sys.exit(2)")
    monkeypatch.chdir(tmp_path)


@pytest.mark.servers
async def test_services_start_after_the_servers_and_the_topics(folder, heard, services):
    prepared = []

    async def prepare(kafka: str, mongo: str) -> None:
        prepared.append((kafka, mongo, *heard.names("process.ready")))

    options = Options(folder.root, services=("registration", "saga_state"))
    async with running(options, prepare, heard) as stack:
        assert {"registration", "saga_state"} <= set(stack.supervisor.names())
        assert prepared[0][:2] == (stack.kafka, stack.mongo)
        assert sorted(prepared[0][2:]) == ["kafka", "mongo"]
    assert set(heard.names("process.stopped")[:2]) == {"registration", "saga_state"}


@pytest.mark.servers
async def test_a_service_is_told_where_the_servers_are_and_how_to_use_them(folder, heard, services):
    options = Options(folder.root, services=("registration",), env={"ONBOARDING_PARTITIONS": "7"})
    async with running(options, nothing, heard) as stack:
        told = environment_of(folder, "registration")
        assert told["ONBOARDING_KAFKA"] == stack.kafka
        assert told["ONBOARDING_MONGO"] == stack.mongo
        assert told["ONBOARDING_REPLICATION"] == "1"
        assert told["ONBOARDING_KAFKA_SESSION_TIMEOUT_SECONDS"] == "6"
        assert told["ONBOARDING_PARTITIONS"] == "7"


@pytest.mark.servers
async def test_the_users_own_settings_go_above_what_suits_the_broker_but_not_above_facts(
    folder, heard, services
):
    exported = {"ONBOARDING_FETCH_MAX_WAIT_MS": "500", "ONBOARDING_KAFKA": "of.another.run:9092"}
    options = Options(folder.root, services=("registration",))
    options = replace(options, environ={**options.environ, **exported})
    async with running(options, nothing, heard) as stack:
        told = environment_of(folder, "registration")
        assert told["ONBOARDING_FETCH_MAX_WAIT_MS"] == "500"
        assert told["ONBOARDING_KAFKA"] == stack.kafka


async def test_settings_of_our_own_servers_do_not_reach_those_of_others(folder, heard, services):
    options = Options(folder.root, broker=None, services=("registration",), **NOWHERE)
    async with running(options, nothing, heard):
        told = environment_of(folder, "registration")
        assert told["ONBOARDING_KAFKA"] == NOWHERE["kafka"]
        assert told["ONBOARDING_MONGO"] == NOWHERE["mongo"]
        assert "ONBOARDING_REPLICATION" not in told


async def test_the_run_file_names_all_that_another_program_needs(folder, heard, services):
    options = Options(
        folder.root, broker=None, services=("registration", "gateway"), workers={"registration": 2},
        **NOWHERE,
    )  # fmt: skip
    async with running(options, nothing, heard) as stack:
        run = json.loads(folder.run_file.read_text())
        assert (run["kafka"], run["mongo"]) == tuple(NOWHERE.values())
        assert run["gateway"] == stack.gateway == folder.gateway_url()
        assert run["platform"] is None
        processes = {one["name"]: one for one in run["processes"]}
        assert set(processes) == {"registration", "registration-2", "gateway"}
        for name, one in processes.items():
            assert one["pid"] == stack.supervisor.pid(name)
            assert one["health_url"].startswith("http://127.0.0.1:")


async def test_a_restarted_service_is_found_at_its_new_address(folder, heard, services):
    options = Options(folder.root, broker=None, services=("registration",), **NOWHERE)
    async with running(options, nothing, heard) as stack:
        before = folder.health_url("registration")
        stack.supervisor.kill("registration", signal.SIGKILL)
        await stack.supervisor.wait_ready("registration")
        (listed,) = json.loads(folder.run_file.read_text())["processes"]
        assert listed["health_url"] == folder.health_url("registration") != before
        assert environment_of(folder, "registration")


async def test_a_service_with_wrong_settings_ends_the_start_with_2(folder, heard, services):
    options = Options(folder.root, broker=None, services=("contract",), **NOWHERE)
    with pytest.raises(ChildFailed, match="contract ended with code 2") as failure:
        async with running(options, nothing, heard):
            pytest.fail("it started")
    assert failure.value.exit_code == 2


async def test_a_broker_of_ours_or_the_address_of_another_is_needed(folder, heard):
    with pytest.raises(ValueError, match="address"):
        async with running(Options(folder.root, broker=None), nothing, heard):
            pytest.fail("it started")


async def nothing(kafka: str, mongo: str) -> None:
    """No topics are needed here."""


def environment_of(folder: StateFolder, name: str) -> dict[str, str]:
    with urlopen(str(folder.health_url(name)), timeout=5) as answer:
        told: dict[str, str] = json.load(answer)
        return told
