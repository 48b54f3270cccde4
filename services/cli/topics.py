"""`onboarding topics`: lists, makes and checks the topics."""

import asyncio
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, TypeVar

from contracts.participants import participants
from contracts.topics import event_topic
from services.cli.auditing import EVERYBODY, tell_if_possible
from services.cli.errors import CliError
from services.cli.options import Output
from services.cli.printing import answer, counted, quiet, write_line
from services.cli.running_stack import Found, find_stack, other_stack
from services.gateway.audit import What
from services.runtime.kafka import transient
from services.runtime.kafka_access import check as check_kafka
from services.runtime.settings import SettingsError
from services.runtime.topics import (
    HOUR_MS,
    Finding,
    Wanted,
    check_topics,
    create_topics,
    wanted_topics,
)
from services.runtime.topics_grown import partition_counts

T = TypeVar("T")
Voices = Mapping[str, tuple[list[str], list[str]]]
LIMIT_SECONDS = 30.0


def list_topics(data: Path | None, output: Output) -> None:
    """All topics, the missing ones too."""
    found = find_stack(data, ("kafka",))
    findings = {one.topic: one.problem for one in ask(found, check_topics(found.settings))}
    voices = _voices(found.settings.prefix)
    wanted = wanted_topics(found.settings)
    answer([_row(topic, voices, findings.get(topic.name, "ok")) for topic in wanted], output)


def make_topics(data: Path | None, by: str | None, dry_run: bool) -> None:
    """Say which were made (or would be), or that all are there."""
    found = find_stack(data, ("kafka",))
    if dry_run:
        findings = ask(found, check_topics(found.settings))
        made = [one.topic for one in findings if one.problem == "is missing"]
    else:
        made = _make(found, by)
    for name in made:
        write_line(f"{'would make' if dry_run else 'made'} {name}")
    if not made:
        write_line("all topics are there")


def _make(found: Found, by: str | None) -> list[str]:
    """The audit is told first: what is broken off in the middle was done too."""
    there = ask(found, partition_counts(found.settings))
    missing = [one.name for one in wanted_topics(found.settings) if one.name not in there]
    if not missing:
        return []
    tell_audit(found, by, "topics.create", counted(len(missing), "topic", "topics"))
    return ask(found, create_topics(found.settings))


def tell_audit(found: Found, by: str | None, what: What, reason: str) -> None:
    """What is done to topics; a note where there is no audit to tell."""
    asyncio.run(tell_if_possible(found, EVERYBODY, by, what, reason=reason))


def check(data: Path | None, output: Output) -> None:
    """Each finding with its remedy; CliError (1) if there is one."""
    found = find_stack(data, ("kafka",))
    findings = ask(found, check_topics(found.settings))
    rows = [told(one) for one in findings]
    if output is not Output.TABLE or rows:
        answer(rows, output)
    else:
        write_line(f"{len(wanted_topics(found.settings))} topics are as the settings say")
    if findings:
        raise CliError(f"{len(findings)} things differ from the settings")


def told(finding: Finding) -> dict[str, str]:
    """A finding as a row."""
    return {"topic": finding.topic, "problem": finding.problem, "remedy": finding.remedy}


def ask(found: Found, question: Coroutine[Any, Any, T]) -> T:
    """Kafka's answer; CliError (1) if there is none in time, SettingsError if it refuses us."""
    quiet()
    try:
        return asyncio.run(_in_time(found, question))
    except (SettingsError, CliError):
        raise
    except Exception as error:
        place = f"Kafka at {found.settings.kafka}"
        if not transient(error):
            raise CliError(f"{place} refuses: {type(error).__name__}: {error}") from None
        line = f"{place} does not answer ({type(error).__name__}): `onboarding doctor`"
        raise CliError(f"{line}{other_stack('kafka')}") from None


async def _in_time(found: Found, question: Coroutine[Any, Any, T]) -> T:
    try:
        await check_kafka(found.settings)
        return await asyncio.wait_for(question, LIMIT_SECONDS)
    finally:
        question.close()


def _row(topic: Wanted, voices: Voices, state: str) -> dict[str, Any]:
    said_by, heard_by = voices.get(topic.name, ([], []))
    return {
        "topic": topic.name,
        "partitions": topic.partitions,
        "copies": topic.replication,
        "hours": int(topic.config["retention.ms"]) // HOUR_MS,
        "said_by": said_by,
        "heard_by": heard_by,
        "state": state,
    }


def _voices(prefix: str) -> Voices:
    """Per topic who says and who hears what is on it."""
    voices: dict[str, tuple[list[str], list[str]]] = {}
    for participant in participants():
        for heard, names in enumerate((participant.says, participant.hears)):
            for name in names:
                topic = event_topic(name, prefix)
                voices.setdefault(topic, ([], []))[heard].append(participant.name)
    return voices
