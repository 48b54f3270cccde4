"""The stack of this machine as `up` and `demo` start it, and what they tell of its processes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.text import Text

from deploy.local.platform_faults import SYSTEMS
from deploy.local.stack import GATEWAY, SERVICES, Options, Prepare
from saga_state.store import SagaStore, database
from services.cli.errors import USAGE, CliError
from services.cli.options import Broker
from services.cli.printing import masked
from services.cli.reaching import mongo_at, mongo_is_away
from services.cli.running_stack import other_stack, settings
from services.cli.stack_key import register
from services.cli.step_rules import checked_settings
from services.runtime.kafka import transient as kafka_is_away
from services.runtime.kafka_access import check
from services.runtime.settings import PREFIX, Settings, SettingsError
from services.runtime.topics import create_topics

Fields = Mapping[str, object]
_BROKERS: Mapping[Broker, Literal["embedded", "apache"] | None] = {
    Broker.EMBEDDED: "embedded",
    Broker.APACHE: "apache",
    Broker.EXTERNAL: None,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to run, where, on which Kafka, with how many workers of a service, and whether
    with the sandbox of the outside systems, with the gateway, and with a Prometheus."""

    folder: Path
    broker: Broker = Broker.EMBEDDED
    workers: Mapping[str, int] = field(default_factory=dict)
    platform: bool = False
    gateway: bool = True
    monitoring: bool = False

    @property
    def own_broker(self) -> bool:
        return self.broker is not Broker.EXTERNAL


def options_of(plan: Plan) -> Options:
    """The options for deploy.local; CliError (2) if settings are wrong, or needed and not there."""
    found = checked_settings()
    external = {} if plan.own_broker else _external(found)
    _check_workers(plan.workers)
    if plan.platform:
        _check_urls(found)
    return Options(
        plan.folder,
        _BROKERS[plan.broker],
        workers=plan.workers,
        services=(*SERVICES, GATEWAY) if plan.gateway else SERVICES,
        platform=plan.platform,
        monitoring=plan.monitoring,
        **external,
    )


def preparation(plan: Plan) -> Prepare:
    """What makes topics, collections and indexes before the services start."""
    return partial(_prepare, plan)


def _external(found: Settings) -> dict[str, Any]:
    for name in ("kafka", "mongo"):
        if name not in found.model_fields_set:
            line = f"--broker external needs the address of yours: set {PREFIX}{name.upper()}"
            raise CliError(line, USAGE)
    return {"kafka": found.kafka, "mongo": found.mongo.get_secret_value()}


def _check_urls(found: Settings) -> None:
    """One that a person set is not to be passed over silently."""
    for step in SYSTEMS:
        if found.url_of(step):
            line = f"{PREFIX}{step.upper()}_URL is set: unset it, or leave out --with-platform"
            raise CliError(line, USAGE)


def _check_workers(workers: Mapping[str, int]) -> None:
    known = Options(Path()).services
    for name in workers:
        if name not in known:
            raise CliError(f"--workers {name}: it is one of {', '.join(known)}", USAGE)


async def _prepare(plan: Plan, kafka: str, mongo: str) -> None:
    alone: dict[str, int] = {"replication": 1} if plan.own_broker else {}
    wanted = settings(kafka=kafka, mongo=mongo, **alone)
    try:
        await check(wanted)
        await create_topics(wanted)
    except SettingsError:
        raise
    except Exception as error:
        if not kafka_is_away(error):
            raise CliError(f"the topics cannot be made: {type(error).__name__}: {error}") from None
        line = f"Kafka at {kafka} does not answer ({type(error).__name__})"
        raise CliError(f"{line}: check ONBOARDING_KAFKA{other_stack('kafka')}") from None
    await _prepare_databases(plan, mongo, wanted)


async def _prepare_databases(plan: Plan, mongo: str, wanted: Settings) -> None:
    try:
        async with mongo_at(mongo) as client:
            await SagaStore(database(client, wanted.prefix)).ensure()
            if plan.gateway:
                await register(client, wanted, plan.folder)
    except Exception as error:
        if not mongo_is_away(error):
            raise
        line = f"MongoDB at {masked(mongo)} does not answer ({type(error).__name__})"
        raise CliError(f"{line}: check ONBOARDING_MONGO{other_stack('mongo')}") from None


class Happenings:
    """Hears the supervisor's events. While it starts: who is ready; then: who crashed, is back."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._crashed: set[str] = set()

    def __call__(self, event: str, fields: Fields) -> None:
        name = str(fields["name"])
        match event:
            case "process.ready" if name in self._crashed:
                self._crashed.discard(name)
                self._say(f"{name} is back (pid {fields['pid']})", "green")
            case "process.ready":
                self._say(f"{name} is ready after {fields['seconds']} s", "dim")
            case "process.crashed":
                self._crashed.add(name)
                again = f"starts again in {fields['restart_seconds']} s"
                self._say(f"{name} ended with code {fields['code']}, {again}", "yellow")
            case "process.given_up":
                why = str(fields["reason"]).partition(";")[0]
                self._say(f"{name} was given up: {why}", "red")

    def _say(self, text: str, style: str) -> None:
        line = Text(f"{datetime.now(UTC):%H:%M:%S}Z  {text}", style=style)
        self._console.print(line, soft_wrap=True)
