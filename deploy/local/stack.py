"""The stack of one machine: the servers, then the services, for as long as a block lasts."""

import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from contracts.journey import JOURNEYS
from deploy.local import apache, apache_install, embedded
from deploy.local.backoff import Backoff
from deploy.local.child import Child
from deploy.local.folder import StateFolder
from deploy.local.platform_child import platform, urls
from deploy.local.ports import free_ports
from deploy.local.prometheus import RULES, SCRAPE_SECONDS, prometheus
from deploy.local.readiness import service_is_ready
from deploy.local.supervisor import OnEvent, Supervisor, supervising

STOP_GRACE_SECONDS = 20.0  # calls that are out take some of it
SERVERS = ("kafka", "mongo", "platform")
GATEWAY = "gateway"
STEPS = tuple(dict.fromkeys(step for one in JOURNEYS.values() for step in one.step_names))
SERVICES = (*STEPS, "saga_state")
Prepare = Callable[[str, str], Coroutine[Any, Any, None]]
# What suits the embedded broker better than the defaults; the user's own environment goes above it.
EMBEDDED_SETTINGS = {
    "ONBOARDING_KAFKA_SESSION_TIMEOUT_SECONDS": "6",
    "ONBOARDING_KAFKA_HEARTBEAT_SECONDS": "1",
    "ONBOARDING_KAFKA_LEAVE_IN_REBALANCE": "off",  # see transport.py
    "ONBOARDING_FETCH_MAX_WAIT_MS": "50",  # Tansu answers an empty fetch after half of it
}


@dataclass(frozen=True)
class Options:
    """`broker=None` means the Kafka at `kafka`; `mongo=None` means a mongod of ours.

    `services` are names of modules (`registration` is services.registration, `saga_state` itself),
    `workers` how many of one, 1 if not named. `env` are settings for all of them, above `environ`.
    With `platform` the sandbox of the outside systems runs too, and the services call it; with
    `monitoring` a Prometheus, that evaluates `rules` and scrapes every `scrape_seconds`.
    """

    folder: Path
    broker: Literal["embedded", "apache"] | None = "embedded"
    kafka: str | None = None
    mongo: str | None = None
    services: tuple[str, ...] = SERVICES
    workers: Mapping[str, int] = field(default_factory=dict)
    platform: bool = False
    monitoring: bool = False
    rules: Path = RULES
    scrape_seconds: float = SCRAPE_SECONDS
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    backoff: Backoff = field(default_factory=Backoff)


@dataclass(frozen=True)
class Stack:
    """What runs now: addresses, and the supervisor to stop, start, kill and wait for parts."""

    kafka: str
    mongo: str
    platform: str | None
    supervisor: Supervisor
    options: Options = field(repr=False)

    @property
    def gateway(self) -> str | None:
        """Its URL once it is ready; None without one."""
        return self.supervisor.folder.gateway_url()

    async def launch_services(self, env: Mapping[str, str] | None = None) -> None:
        """Start the services of the options, all at once, with `env` above their settings."""
        options = self.options
        names = [name for service in options.services for name in _workers(service, options)]
        await self.supervisor.launch([self._service(name, env or {}) for name in names])

    def _service(self, name: str, env: Mapping[str, str]) -> Child:
        folder = self.supervisor.folder
        health_file = str(folder.health_file(name))
        return Child(
            name,
            (sys.executable, "-m", _module(name)),
            {**self._settings(), "ONBOARDING_HEALTH_FILE": health_file, **self._own(name), **env},
            partial(service_is_ready, folder, name),
            stop_grace_seconds=STOP_GRACE_SECONDS,
            after=tuple(one for one in self.supervisor.names() if one in SERVERS),
        )

    def _own(self, name: str) -> dict[str, str]:
        """The gateway has a port of its own beside that of its health pages."""
        if _module(name) != f"services.{GATEWAY}":
            return {}
        (port,) = free_ports(1)  # chosen here, so that it is the same after a restart
        file = str(self.supervisor.folder.gateway_file(name))
        return {"ONBOARDING_GATEWAY_PORT": str(port), "ONBOARDING_GATEWAY_FILE": file}

    def _settings(self) -> dict[str, str]:
        options = self.options
        embedded_settings = EMBEDDED_SETTINGS if options.broker == "embedded" else {}
        usual = {**embedded_settings, "ONBOARDING_LOG_FORMAT": "json"}
        facts = {
            "ONBOARDING_KAFKA": self.kafka,
            "ONBOARDING_MONGO": self.mongo,
            "ONBOARDING_HEALTH_PORT": "0",
            "PYTHONUNBUFFERED": "1",  # so that the last words of a killed process are in its log
        }
        if options.broker is not None:
            facts["ONBOARDING_REPLICATION"] = "1"  # there is one broker
        if self.platform is not None:
            facts |= urls(self.platform)
        return {**usual, **options.environ, **facts, **options.env}


@asynccontextmanager
async def servers(options: Options, on_event: OnEvent) -> AsyncIterator[Stack]:
    """What the services stand on, without them. Raises LocalError and its kin, see errors.py."""
    folder = StateFolder(options.folder.absolute())
    if options.broker == "embedded":
        embedded.refuse_kept_broker(folder.root)
    async with supervising(folder, on_event, options.backoff) as supervisor:
        brokers, kafka = await _broker(options, folder)
        databases, mongo = _database(options, folder)
        platforms, outside = _platform(options, folder)
        supervisor.publish(kafka=kafka, mongo=mongo, platform=outside)
        await supervisor.launch([*brokers, *databases, *platforms])
        yield Stack(kafka, mongo, outside, supervisor, options)


@asynccontextmanager
async def running(options: Options, prepare: Prepare, on_event: OnEvent) -> AsyncIterator[Stack]:
    """Servers, then `prepare(kafka, mongo)` (the topics), then the services, all ready."""
    async with servers(options, on_event) as stack:
        watcher = _prometheus(options, stack.supervisor.folder)  # before anything is waited for
        await stack.supervisor.during(prepare(stack.kafka, stack.mongo))
        await stack.launch_services()
        if watcher is not None:
            stack.supervisor.publish(prometheus=watcher[1])
            await stack.supervisor.launch([watcher[0]])
        yield stack


async def _broker(options: Options, folder: StateFolder) -> tuple[tuple[Child, ...], str]:
    if options.broker == "embedded":
        child, address = embedded.broker(folder.scratch / "kafka")
        return (child,), address
    if options.broker == "apache":
        runtime = await apache_install.install(options.environ)
        return await apache.brokers(folder.root / "kafka", apache.some_nodes(), runtime)
    if options.kafka is None:
        raise ValueError("without a broker of ours, Options needs the address of one: kafka")
    return (), options.kafka


def _database(options: Options, folder: StateFolder) -> tuple[tuple[Child, ...], str]:
    if options.mongo is not None:
        return (), options.mongo
    child, address = embedded.mongod(_home(options, folder) / "mongo")
    return (child,), address


def _platform(options: Options, folder: StateFolder) -> tuple[tuple[Child, ...], str | None]:
    if not options.platform:
        return (), None
    child, address = platform(_home(options, folder) / "platform.jsonl", options.environ)
    return (child,), address


def _prometheus(options: Options, folder: StateFolder) -> tuple[Child, str] | None:
    if not options.monitoring:
        return None
    home = folder.scratch / "prometheus"
    return prometheus(home, folder.targets_file, options.rules, options.scrape_seconds)


def _home(options: Options, folder: StateFolder) -> Path:
    """Kept for as long as the broker's log is: step documents without their events mislead."""
    return folder.scratch if options.broker == "embedded" else folder.root


def _workers(service: str, options: Options) -> tuple[str, ...]:
    count = options.workers.get(service, 1)
    return tuple(
        service if number == 1 else f"{service}-{number}" for number in range(1, count + 1)
    )


def _module(name: str) -> str:
    service = name.partition("-")[0]
    return service if service == "saga_state" else f"services.{service}"
