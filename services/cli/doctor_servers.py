"""What the doctor asks Kafka, MongoDB, the services' records of themselves and the dead letters."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from aiokafka.errors import KafkaError

from contracts.journey import JOURNEYS
from services.cli.errors import line_of
from services.cli.finding import Finding, fail, ok, warn
from services.cli.letter_topics import letters_of
from services.cli.printing import masked
from services.cli.reaching import ANSWER_SECONDS, ask_kafka, mongo_at
from services.cli.running_stack import Found, other_stack
from services.gateway.looks import gateway_check
from services.letters.letter import Letter
from services.runtime.mongo import Client
from services.runtime.process_store import instances_of
from services.runtime.settings import Settings, SettingsError
from services.runtime.topics import check_topics
from services.steps import step_names

LIMIT_SECONDS = 15.0
CLOCK_SECONDS = 5.0
RECORD_SECONDS = 15.0  # a living process writes its record every 5


async def check_servers(found: Found) -> list[Finding]:
    """Each finding; what depends on a server that is away is left out."""
    findings = [*await _kafka(found.settings), *await _mongo(found)]
    away = {one.what for one in findings if one.state == "fail"} & {"kafka", "mongo"}
    return findings if away else [*findings, await check_letters(found)]


async def check_letters(
    found: Found,
    read: Callable[[Found], Awaitable[Sequence[Letter]]] = letters_of,
    limit_seconds: float = LIMIT_SECONDS,
) -> Finding:
    """How many wait for a person. Never `fail`: the system does what it should without them."""
    try:
        letters = await asyncio.wait_for(read(found), limit_seconds)
    except TimeoutError:
        line = f"not counted: reading them takes more than {limit_seconds:g} s"
        return warn("letters", line, "onboarding dlq list")
    except Exception as error:  # a doctor tells what is wrong, whatever it is
        return warn("letters", f"not counted: {line_of(error)}", "onboarding dlq list")
    if waiting := sum(one.now == "open" for one in letters):
        return warn("letters", f"{waiting} open: for a person to look at", "onboarding dlq list")
    return ok("letters", "none is open")


async def _kafka(settings: Settings) -> list[Finding]:
    address = settings.kafka
    try:
        await ask_kafka(settings, ANSWER_SECONDS)
    except SettingsError as error:
        return [fail("kafka", str(error), "mend that setting")]
    except (KafkaError, OSError, TimeoutError):
        remedy = "is it running? onboarding up, or mend ONBOARDING_KAFKA, ONBOARDING_KAFKA_SECURITY"
        return [fail("kafka", f"{address} does not answer", f"{remedy}{other_stack('kafka')}")]
    return [ok("kafka", address), await _topics(settings)]


async def _topics(settings: Settings) -> Finding:
    try:
        findings = await asyncio.wait_for(check_topics(settings), LIMIT_SECONDS)
    except Exception as error:  # a doctor tells what is wrong, whatever it is
        return fail("topics", line_of(error), "see the broker's log, and its access rules")
    missing = [one.topic for one in findings if one.problem == "is missing"]
    if missing:
        return fail("topics", f"missing: {some_of(missing)}", "onboarding topics create")
    if findings:
        told = some_of([f"{one.topic} {one.problem}" for one in findings])
        return warn("topics", told, "onboarding topics check")
    return ok("topics", "as the settings say")


def some_of(told: Sequence[str], most: int = 3) -> str:
    """The first of them, and how many more there are."""
    more = f" and {len(told) - most} more" if len(told) > most else ""
    return f"{', '.join(told[:most])}{more}"


async def _mongo(found: Found) -> list[Finding]:
    place = masked(found.mongo)
    try:
        async with mongo_at(found.mongo) as client:
            before = datetime.now(UTC)
            hello = await client.admin.command("hello")
            own = datetime.now(UTC)
            now = hello["localTime"].replace(tzinfo=UTC)  # a command's answer is not made aware
            return [
                _replica_set(place, hello),
                _clock(now, before + (own - before) / 2),
                *await _services(client, found.settings, now),
            ]
    except SettingsError as error:
        return [fail("mongo", str(error), "mend that setting")]
    except Exception as error:
        remedy = "is it running? onboarding up, or mend ONBOARDING_MONGO"
        away = f"{place} does not answer ({type(error).__name__})"
        return [fail("mongo", away, f"{remedy}{other_stack('mongo')}")]


def _replica_set(place: str, hello: dict[str, Any]) -> Finding:
    if name := hello.get("setName"):
        return ok("mongo", f"{place}, replica set {name}")
    remedy = "start it with --replSet, and put ?replicaSet=NAME into ONBOARDING_MONGO"
    return fail("mongo", f"{place} is no replica set", remedy)


def _clock(database_time: datetime, own_time: datetime) -> Finding:
    """One clock decides, the database's; but times of events are those of the machines."""
    seconds = (own_time - database_time).total_seconds()
    if abs(seconds) > CLOCK_SECONDS:
        found = f"{seconds:+.1f} s off the database's"
        return warn("clock", found, "keep the clocks in step (NTP)")
    return ok("clock", f"{seconds:+.2f} s off the database's")


async def _services(client: Client, settings: Settings, now: datetime) -> list[Finding]:
    names = [*step_names(JOURNEYS.values()), "saga-state"]
    found = [await _service(client, settings, name, now) for name in names]
    return [*found, await _gateway(client, settings, now)]


async def _service(client: Client, settings: Settings, name: str, now: datetime) -> Finding:
    try:
        living = await _living(client, settings, name, now)
    except Exception as error:
        return fail(name, line_of(error), "see the database's log, and its access rules")
    if not living:
        remedy = "onboarding up, or start its process (docs/deploy.md)"
        return fail(name, "no living process", remedy)
    partitions = sum(len(one["partitions"]) for one in living)
    versions = ", ".join(sorted({str(one["version"]) for one in living}))
    if not partitions:
        return warn(name, f"{len(living)} alive, without partitions", "wait: it may be joining")
    return ok(name, f"{len(living)} alive, {partitions} partitions, version {versions}")


async def _gateway(client: Client, settings: Settings, now: datetime) -> Finding:
    """Without one sagas go on, and the command line starts them: a warning."""
    try:
        living = await _living(client, settings, "gateway", now)
    except Exception as error:
        return fail("gateway", line_of(error), "see the database's log, and its access rules")
    check = gateway_check(living)
    if not living:
        remedy = "start its process, if the REST API is wanted (docs/deploy.md)"
        return warn("gateway", "no living process", remedy)
    told = f"{len(living)} alive, version {', '.join(check['versions'])}"
    if check["why"]:
        return warn("gateway", f"{told}; {check['why']}", "see the row of that server above")
    return ok("gateway", told)


async def _living(
    client: Client, settings: Settings, name: str, now: datetime
) -> Sequence[dict[str, Any]]:
    """The records of the processes of a service that were written just now."""
    records = await instances_of(client, settings.database(f"onboarding_{name.replace('-', '_')}"))
    return [one for one in records if (now - one["seen_at"]).total_seconds() < RECORD_SECONDS]
