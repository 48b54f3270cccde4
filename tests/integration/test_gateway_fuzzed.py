"""Schemathesis against a running gateway: every check, every phase, the stateful ones too."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from over_http import portal

from tests.conftest import RealServers

CONFIG = Path(__file__).parent / "schemathesis.toml"
EXAMPLES = 20
SECONDS = 900
pytestmark = [pytest.mark.slow, pytest.mark.timeout(SECONDS + 120)]
# Streams do not end, and an API key may ask as often as it likes here.
SETTINGS = {
    "ONBOARDING_GATEWAY_KEY_PER_SECOND": "100000",
    "ONBOARDING_GATEWAY_ADDRESS_PER_SECOND": "100000",
}


async def test_no_request_that_schemathesis_makes_is_answered_otherwise_than_documented(
    real_servers: RealServers, tmp_path: Path
):
    prefix = f"t{uuid4().hex[:10]}-"
    async with portal(
        real_servers.kafka, real_servers.mongo, prefix, tmp_path, services=("saga_state",), env=SETTINGS
    ) as one:  # fmt: skip
        url, key = str(one.first.base_url), one.first.headers["X-API-Key"]
        saga_id = (await one.start()).json()["saga_id"]
        told = await asyncio.to_thread(fuzz, url, key, saga_id, tmp_path)
    assert told.returncode == 0, told.stdout[-20_000:] + told.stderr[-2_000:]


def fuzz(url: str, key: str, saga_id: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    program = str(Path(sys.executable).parent / "schemathesis")
    command = [
        program, "--config-file", str(CONFIG), "run", f"{url.rstrip('/')}/openapi.json",
        "--checks", "all", "--max-examples", str(EXAMPLES), "--header", f"X-API-Key: {key}",
        "--no-color", "--seed", "7",
    ]  # fmt: skip
    env = {**os.environ, "FUZZED_SAGA": saga_id}
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=SECONDS
    )
