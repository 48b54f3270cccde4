"""The five services and saga_state, each as several workers of one group."""

import os
from collections.abc import Mapping

from deploy.local.stack import STEPS, Options, Stack
from services.runtime.settings import load_settings
from services.runtime.topics import check_topics, create_topics
from tests.chaos.cluster.servers import Servers
from tests.integration.polling import until

SERVICES = (*STEPS, "saga_state")
STEP_TIMEOUT_SECONDS = 90  # longer than any fault here keeps a service silent
SETTINGS = {
    "ONBOARDING_STEP_TIMEOUT_SECONDS": str(STEP_TIMEOUT_SECONDS),
    "ONBOARDING_CALL_TIMEOUT_SECONDS": "3",
    "ONBOARDING_RETRY_CAP_SECONDS": "3",
    "ONBOARDING_LOG_LEVEL": "WARNING",
}


def names_of(workers: int) -> tuple[str, ...]:
    """`registration`, `registration-2`, ...: as the supervisor calls them."""
    later = [f"-{number}" for number in range(2, workers + 1)]
    return tuple(f"{service}{tail}" for service in SERVICES for tail in ("", *later))


async def make_topics(servers: Servers) -> None:
    """As `onboarding topics create` makes them with the settings' own three copies."""
    settings = load_settings(_env_file=None, kafka=servers.kafka_itself, mongo=servers.mongo)
    assert settings.replication == 3
    await create_topics(settings)

    async def as_wanted() -> bool:
        return await check_topics(settings) == []

    await until("all topics with three copies, two of which must be in sync", as_wanted)


async def start_workers(servers: Servers, workers: int) -> None:
    """Start them through the proxies, and wait until all are ready."""
    options = Options(
        servers.root, broker=None, kafka=servers.kafka, mongo=servers.mongo,
        services=SERVICES, workers=dict.fromkeys(SERVICES, workers), env=SETTINGS,
        environ=_without_settings(),
    )  # fmt: skip
    stack = Stack(servers.kafka, servers.mongo, servers.platform, servers.supervisor, options)
    await stack.launch_services()


def _without_settings() -> Mapping[str, str]:
    """This process's environment, without what the shell exports for a stack of its own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ONBOARDING_")}
