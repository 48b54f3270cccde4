"""What all tests share: real servers, started once for those that need them, and settings.

`--broker apache` runs the same tests against Apache Kafka (Java 17 and Maven) instead of the
embedded broker.
"""

import logging
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from uuid import uuid4

import pytest
from pydantic import SecretStr

from services.runtime.settings import Settings, load_settings
from tests.own_servers import servers_or_skip

FAST_GROUPS = {"kafka_session_timeout_seconds": 6, "kafka_heartbeat_seconds": 1}
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RealServers:
    """A broker and a database for the whole run. `broker`: embedded or apache."""

    kafka: str
    mongo: str
    broker: str


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--broker",
        choices=("embedded", "apache"),
        default="embedded",
        help="the Kafka broker of the tests marked `servers`",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever asks for the servers is marked so: `-m "not servers"` leaves all of them out."""
    for item in items:
        if "real_servers" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.servers)


@pytest.fixture(scope="session")
async def real_servers(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RealServers]:
    """Keep to `prefix` on them: they are shared by the whole run."""
    broker = pytestconfig.getoption("--broker")
    folder = tmp_path_factory.mktemp("servers")
    async with servers_or_skip(broker, folder, _on_event) as stack:
        yield RealServers(stack.kafka, stack.mongo, broker)


@pytest.fixture
def prefix() -> str:
    """Before the names of this test's topics, groups and databases."""
    return f"t{uuid4().hex[:10]}-"


@pytest.fixture
def settings(real_servers: RealServers, prefix: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a process on the real servers; whatever the shell exports is left out."""
    for name in [name for name in os.environ if name.startswith("ONBOARDING_")]:
        monkeypatch.delenv(name)
    return load_settings(
        _env_file=None,
        kafka=real_servers.kafka,
        mongo=SecretStr(real_servers.mongo),
        prefix=prefix,
        replication=1,
        fetch_max_wait_ms=50,
        **FAST_GROUPS,
    )


def _on_event(event: str, fields: Mapping[str, object]) -> None:
    log.info("%s %s", event, dict(fields))
