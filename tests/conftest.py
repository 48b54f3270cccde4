"""What all tests share: real servers, started once for those that need them, and settings.

`--broker apache` runs the same tests against Apache Kafka (Java 17 and Maven) instead of the
embedded broker.
"""

import logging
import os
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from uuid import uuid4

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as searching
from pydantic import SecretStr

from services.runtime.settings import Settings, load_settings
from tests.own_servers import servers_or_skip

FAST_GROUPS = {
    "kafka_session_timeout_seconds": 6,
    "kafka_heartbeat_seconds": 1,
    "kafka_leave_in_rebalance": False,
}
log = logging.getLogger(__name__)
# The same examples in each run, so that what is red is red again; `make search` takes new ones.
searching.register_profile(
    "ours",
    derandomize="ONBOARDING_EXAMPLES" not in os.environ,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
searching.load_profile("ours")


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
    parser.addoption("--pictures", help="folder to put pictures of the dashboard in")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whoever asks for the servers is marked so: `-m "not servers"` leaves all of them out.

    Where two run beside each other the modules that take long come first, or one would have nothing
    to do while the other is in the last of them.
    """
    for item in items:
        if "real_servers" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.servers)
    if hasattr(config, "workerinput"):
        slow = Counter(_module(one) for one in items for _ in one.iter_markers("slow"))
        long = Counter(_module(one) for one in items for _ in one.iter_markers("long"))
        items.sort(key=lambda one: (-long[_module(one)], -slow[_module(one)]))


def _module(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


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
