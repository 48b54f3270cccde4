"""The sandbox platform as a child of the local stack, and what the services are told of it."""

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from deploy.local.child import Child
from deploy.local.platform_faults import SYSTEMS
from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.readiness import answers

STOP_GRACE_SECONDS = 5.0


def platform(log: Path, environ: Mapping[str, str]) -> tuple[Child, str]:
    """It and its address. A new life has the same port, and what the log says was done."""
    port = free_ports(1)[0]
    url = f"http://{LOOPBACK}:{port}"
    command = (sys.executable, "-m", "deploy.local.platform")
    argv = (*command, "--port", str(port), "--log", str(log))
    ready = partial(answers, f"{url}/livez")
    env = {**environ, "PYTHONUNBUFFERED": "1"}
    return Child("platform", argv, env, ready, stop_grace_seconds=STOP_GRACE_SECONDS), url


def urls(address: str) -> dict[str, str]:
    """The settings of the services that say where each outside system is."""
    return {f"ONBOARDING_{step.upper()}_URL": f"{address}/{step}" for step in SYSTEMS}
