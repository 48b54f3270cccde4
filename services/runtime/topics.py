"""Making and checking the topics: partitions, replication and retention from settings.

No topic is made by accident, none is shrunk or silently changed: what differs is reported.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from contracts.events import event_names
from contracts.journey import JOURNEYS
from contracts.topics import dead_letter_topic, event_topic
from services.runtime.kafka import transient
from services.runtime.kafka_access import client_options
from services.runtime.patience import patiently
from services.runtime.settings import Settings
from services.runtime.vitals import Vitals

HOUR_MS = 3_600_000
EVENT_MAX_BYTES = 1_048_576
DEAD_LETTER_MAX_BYTES = 1_310_720
REQUEST_TIMEOUT_MS = 15_000
CREATE = "onboarding topics create"
log = structlog.get_logger()


class TopicsMissingError(Exception):
    """None of the topics that a service hears is there yet."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A topic as the settings want it."""

    name: str
    partitions: int
    replication: int
    config: dict[str, str]


@dataclass(frozen=True, slots=True)
class Finding:
    """A topic that is missing or differs; `problem` says how, `remedy` what to do."""

    topic: str
    problem: str
    remedy: str


def wanted_topics(settings: Settings) -> list[Wanted]:
    """Every topic of the system."""
    prefix, steps = settings.prefix, [n for j in JOURNEYS.values() for n in j.step_names]
    events = [event_topic(name, prefix) for name in event_names()]
    services = [*dict.fromkeys(steps), "saga-state"]
    letters = [dead_letter_topic(service, prefix) for service in services]
    return [
        *(_wanted(name, settings, settings.retention_hours, EVENT_MAX_BYTES) for name in events),
        *(
            _wanted(name, settings, settings.dead_letter_retention_hours, DEAD_LETTER_MAX_BYTES)
            for name in letters
        ),
    ]


def _wanted(name: str, settings: Settings, hours: int, most: int) -> Wanted:
    copies = settings.replication
    config = {
        "cleanup.policy": "delete",
        "retention.ms": str(hours * HOUR_MS),
        "retention.bytes": "-1",  # time alone decides, whatever the broker's own default is
        "max.message.bytes": str(most),
        "min.insync.replicas": str(max(1, copies - 1)),
        "unclean.leader.election.enable": "false",
    }
    return Wanted(name, settings.partitions, copies, config)


async def create_topics(settings: Settings) -> list[str]:
    """Make the topics that are missing; returns their names. Existing ones are left alone."""
    async with asking(settings) as admin:
        there = set(await admin.list_topics())
        missing = [topic for topic in wanted_topics(settings) if topic.name not in there]
        return await _create(admin, missing) if missing else []


async def _create(admin: AIOKafkaAdminClient, topics: Sequence[Wanted]) -> list[str]:
    """Those that were made, and not by somebody else a moment ago."""
    new = [
        NewTopic(topic.name, topic.partitions, topic.replication, topic_configs=topic.config)
        for topic in topics
    ]
    answer = await admin.create_topics(new, timeout_ms=REQUEST_TIMEOUT_MS)
    made = []
    for name, code, *_ in answer.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise error(name)
        if not code:
            made.append(name)
    return made


async def until_there(topics: Sequence[str], settings: Settings, vitals: Vitals) -> None:
    """Wait while none of these topics is there. A consumer that joins its group before they are
    made is given nothing, and looks again only after minutes; it would be ready all the same. If
    only some are missing it does what it can with the others."""
    told = False

    async def look() -> None:
        nonlocal told
        async with asking(settings) as admin:
            missing = sorted(set(topics) - set(await admin.list_topics()))
        if missing and not told:
            told = True
            log.warning("topics.missing", topics=missing, remedy=CREATE)
        if missing and len(missing) == len(set(topics)):
            raise TopicsMissingError

    await patiently("kafka", vitals, look, _passes)


def _passes(error: BaseException) -> bool:
    return isinstance(error, TopicsMissingError) or transient(error)


async def check_topics(settings: Settings) -> list[Finding]:
    """What is missing or differs. Names are listed first: to describe may create (Tansu)."""
    async with asking(settings) as admin:
        there = set(await admin.list_topics())
        wanted = wanted_topics(settings)
        findings = [_missing(topic) for topic in wanted if topic.name not in there]
        present = [topic for topic in wanted if topic.name in there]
        findings += await _partition_findings(admin, present)
        return findings + await _config_findings(admin, present)


def _missing(topic: Wanted) -> Finding:
    return Finding(topic.name, "is missing", CREATE)


async def _partition_findings(
    admin: AIOKafkaAdminClient, topics: Sequence[Wanted]
) -> list[Finding]:
    if not topics:
        return []
    found = await admin.describe_topics([topic.name for topic in topics])
    partitions = {item["topic"]: item["partitions"] for item in found}
    findings = []
    for topic in topics:
        stored = partitions[topic.name]
        if len(stored) != topic.partitions:
            problem = f"has {len(stored)} partitions, the settings say {topic.partitions}"
            findings.append(Finding(topic.name, problem, _partitions_remedy(topic, len(stored))))
        copies = min((len(item["replicas"]) for item in stored), default=0)
        if copies < topic.replication:
            problem = f"has {copies} copies, the settings say {topic.replication}"
            findings.append(Finding(topic.name, problem, "reassign its partitions"))
    return findings


def _partitions_remedy(topic: Wanted, stored: int) -> str:
    of_all = f"set ONBOARDING_PARTITIONS={stored} if all topics have as many"
    if stored > topic.partitions:
        return of_all
    return f"{of_all}; else onboarding topics grow --partitions {topic.partitions}"


async def _config_findings(admin: AIOKafkaAdminClient, topics: Sequence[Wanted]) -> list[Finding]:
    """Settings that differ. A broker that tells no settings (Tansu) has none to check."""
    if not topics:
        return []
    resources = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
    answers = await admin.describe_configs(resources)
    stored: dict[str, dict[str, str]] = {}
    for answer in answers:
        for _code, _text, _kind, name, entries in answer.resources:
            stored[name] = {entry[0]: entry[1] for entry in entries}
    return [
        Finding(topic.name, _config_problem(key, found, value), _config_remedy(topic, key))
        for topic in topics
        for key, value in topic.config.items()
        if (found := stored.get(topic.name, {}).get(key)) is not None and found != value
    ]


def _config_problem(key: str, found: str, wanted: str) -> str:
    if key == "retention.ms" and int(found) >= 0:
        hours = f"keeps records for {int(found) / HOUR_MS:g} h"
        return f"{hours}, the settings say {int(wanted) // HOUR_MS} h ({key})"
    return f"{key} is {found}, the settings say {wanted}"


def _config_remedy(topic: Wanted, key: str) -> str:
    which = f"--entity-type topics --entity-name {topic.name}"
    return f"kafka-configs.sh --alter {which} --add-config {key}={topic.config[key]}"


@asynccontextmanager
async def asking(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """A client for questions and orders about topics."""
    admin = AIOKafkaAdminClient(**client_options(settings), request_timeout_ms=REQUEST_TIMEOUT_MS)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()
