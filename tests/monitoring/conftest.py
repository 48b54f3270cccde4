"""Prometheus as Debian has it: a lane that asks for it fails where it is missing, and says how."""

import shutil

import pytest

INSTALL = "apt-get install --no-install-recommends prometheus"


@pytest.fixture(scope="session")
def promtool() -> str:
    found = shutil.which("promtool")
    assert found, f"promtool is missing: {INSTALL}"
    return found
