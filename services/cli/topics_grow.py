"""`onboarding topics grow`: more partitions for all topics, while no service reads them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka.errors import (
    IncompatibleBrokerVersion,
    TopicAuthorizationFailedError,
    UnsupportedVersionError,
)

from services.cli.errors import NO, USAGE, CliError
from services.cli.living import living
from services.cli.options import Output
from services.cli.printing import answer, counted, note, write_line
from services.cli.projection import open_under_way
from services.cli.running_stack import Found, find_stack
from services.cli.topics import ask, tell_audit
from services.runtime.settings import Settings
from services.runtime.topics import wanted_topics
from services.runtime.topics_grown import grow, partition_counts

CANNOT = (IncompatibleBrokerVersion, UnsupportedVersionError)
MAY_NOT = "--execute needs the right Alter on the topics, which `topics acls` does not give"


@dataclass(frozen=True, slots=True)
class Growth:
    """What is to be done. `living`: by service who is in its group; `under_way`: sagas; `may`:
    whether we have the right."""

    partitions: int
    topics: Sequence[str]
    living: Mapping[str, Sequence[str]]
    under_way: int
    may: bool = True

    @property
    def who_lives(self) -> str:
        return ", ".join(self.living)


def grow_topics(
    data: Path | None, partitions: int, by: str | None, execute: bool, output: Output
) -> None:
    """The plan, or (`execute`) what was done. CliError (1) while a service reads the topics."""
    found = find_stack(data)
    wanted = smaller(ask(found, partition_counts(found.settings)), found.settings, partitions)
    if not wanted:
        write_line(f"all topics have {partitions} partitions")
        return
    may = ask(found, _may_grow(found.settings, wanted, partitions))
    if may is None:
        start = f"start the embedded one anew with ONBOARDING_PARTITIONS={partitions}"
        raise CliError(f"this broker cannot give a topic more partitions; {start}", NO)
    who = ask(found, living(found.settings))
    plan = Growth(partitions, wanted, who, asyncio.run(_under_way(found)), may)
    if execute:
        _execute(found, plan, by)
        return
    if output is Output.TABLE:
        _tell(plan)
    answer(rows_of(plan, found.settings.kafka), output)
    if not may:
        note(MAY_NOT)
    if plan.living:
        raise CliError(f"not yet: {plan.who_lives} must be stopped first", NO)


def rows_of(plan: Growth, kafka: str) -> list[dict[str, Any]]:
    """The plan step by step, with the commands."""
    alter = f"kafka-topics.sh --bootstrap-server {kafka} --alter --topic"
    by_hand = [f"{alter} {name} --partitions {plan.partitions}" for name in plan.topics]
    stop = f"stop all services (SIGTERM): {plan.who_lives}" if plan.living else "no service runs"
    told = [
        (1, stop, ""),
        (2, "grow the topics", f"onboarding topics grow --partitions {plan.partitions} --execute"),
        *((2, "or each by hand", command) for command in by_hand),
        (3, "for all processes", f"ONBOARDING_PARTITIONS={plan.partitions}"),
        (4, "start the services, then", "onboarding topics check"),
    ]
    return [{"step": step, "what": what, "with": command} for step, what, command in told]


def _tell(plan: Growth) -> None:
    topics = counted(len(plan.topics), "topic is", "topics are")
    sagas = counted(plan.under_way, "saga is", "sagas are")
    write_line(
        f"{topics} given {plan.partitions} partitions; {sagas} on the way, and go on after it."
    )
    write_line("What was said stays where it is; what is said next of a saga may stand elsewhere.")
    write_line("Services need no order of the two, but must start anew; gateways, producers go on.")


def refuse(plan: Growth) -> None:
    """CliError (1) if it cannot be done, or not now."""
    if plan.living:
        raise CliError(f"nothing was changed: {plan.who_lives} must be stopped first", NO)
    if not plan.may:
        raise CliError(f"nothing was changed: {MAY_NOT}", NO)


def _execute(found: Found, plan: Growth, by: str | None) -> None:
    refuse(plan)
    topics = counted(len(plan.topics), "topic", "topics")
    tell_audit(found, by, "topics.grow", f"{topics}: {plan.partitions} partitions each")
    ask(found, grow(found.settings, plan.topics, plan.partitions))
    for name in plan.topics:
        write_line(f"{name} has {plan.partitions} partitions")
    write_line(f"set ONBOARDING_PARTITIONS={plan.partitions} for all processes, then start them")


def smaller(counts: Mapping[str, int], settings: Settings, partitions: int) -> list[str]:
    """The topics that have fewer. CliError if one is missing (1) or has more (2)."""
    names = [topic.name for topic in wanted_topics(settings)]
    for name in names:
        if name not in counts:
            raise CliError(f"{name} is missing: onboarding topics create", NO)
        if counts[name] > partitions:
            text = f"--partitions {partitions}: {name} has {counts[name]}"
            raise CliError(f"{text}, and Kafka takes none away", USAGE)
    return [name for name in names if counts[name] < partitions]


async def _may_grow(settings: Settings, topics: Sequence[str], partitions: int) -> bool | None:
    """Whether we have the right; None: the broker cannot, whoever asks."""
    try:
        await grow(settings, topics, partitions, only_ask=True)
    except CANNOT:
        return None
    except TopicAuthorizationFailedError:
        return False
    return True


async def _under_way(found: Found) -> int:
    async with open_under_way(found) as under_way:
        return sum(one["count"] for one in await under_way.counts())
