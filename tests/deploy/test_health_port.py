"""A service process whose health pages have nowhere to listen says so in one line, exit code 2."""

import os
import socket
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

NOWHERE = {"ONBOARDING_KAFKA": "127.0.0.1:1", "ONBOARDING_MONGO": "mongodb://127.0.0.1:1"}


def ended(module: str, **settings: str) -> subprocess.CompletedProcess[str]:
    clean = {key: text for key, text in os.environ.items() if not key.startswith("ONBOARDING_")}
    return subprocess.run(
        [sys.executable, "-m", module],
        env=clean | NOWHERE | {f"ONBOARDING_{name}": text for name, text in settings.items()},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("module", ["services.registration", "saga_state"])
def test_a_health_port_that_is_taken_is_named_with_its_remedy(module):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = str(holder.getsockname()[1])
        done = ended(module, HEALTH_PORT=port)
    assert done.returncode == 2, done.stderr
    assert done.stderr == (
        f"ONBOARDING_HEALTH_PORT: {port} is in use on 127.0.0.1; choose another, or 0: a free one\n"
    )
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_a_health_host_that_is_not_of_this_machine_is_named(host):
    done = ended("services.registration", HEALTH_HOST=host)
    assert done.returncode == 2, done.stderr
    assert done.stderr == (
        f"ONBOARDING_HEALTH_HOST: {host} is no address of this machine to listen on\n"
    )
