"""Where the consumer groups are to stand after a restore: where the logs stood at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError

from contracts.participants import participants
from contracts.topics import group
from services.cli.errors import CliError
from services.cli.living import living
from services.cli.times import time_of_day
from services.runtime.kafka_access import client_options
from services.runtime.kafka_places import KafkaPlaces, open_places
from services.runtime.settings import Settings
from services.runtime.topics import wanted_topics
from services.runtime.watching import Offsets, Partition


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """Where a group stands, and where it is to stand: only partitions in which that is earlier."""

    group: str
    stands: Offsets
    goes: Offsets

    @property
    def again(self) -> int:
        """How many records it will read again."""
        return sum(self.stands[place] - to for place, to in self.goes.items())


class Logs(Protocol):
    """What is asked of logs before anything is changed; see KafkaPlaces."""

    async def ends(self, topics: Sequence[str]) -> Offsets: ...

    async def begins(self, topics: Sequence[str]) -> Offsets: ...

    async def times_at(self, places: Offsets) -> Mapping[Partition, int]: ...


async def first_places(settings: Settings, time: datetime) -> Offsets:
    """Where the first record since then stands, or the end. CliError (1) if a log that begins
    later has lost some."""
    async with open_places(settings) as places:
        there = await places.topics()
        topics = [one.name for one in wanted_topics(settings) if one.name in there]
        first = await places.first_since(topics, round(time.timestamp() * 1000))
        await refuse_gaps(places, topics, first, time)
        return first


async def plans_of(settings: Settings, first: Offsets) -> list[GroupPlan]:
    """A plan for each group. CliError (1) if one has members."""
    if who := await living(settings):
        raise CliError(f"{', '.join(who)}: stop all services first, then again")
    async with open_places(settings) as places:
        names = [one.name for one in participants() if one.has_dead_letters]
        return [await _plan(places, group(one, settings.prefix), first) for one in names]


async def set_back(settings: Settings, plan: GroupPlan) -> None:
    """CliError (1) if the group has members after all."""
    offsets = {TopicPartition(*place): offset for place, offset in plan.goes.items()}
    options = client_options(settings)
    async with AIOKafkaConsumer(**options, group_id=plan.group, enable_auto_commit=False) as one:
        one.assign(list(offsets))
        try:
            await one.commit(offsets)
        except CommitFailedError:
            line = f"{plan.group} has members, or had a moment ago"
            raise CliError(f"{line}: stop all services, wait 10 s, then again") from None


async def _plan(places: KafkaPlaces, name: str, first: Offsets) -> GroupPlan:
    stands = await places.of_group(name, list(first))
    goes = {place: first[place] for place, offset in stands.items() if first[place] < offset}
    return GroupPlan(name, stands, goes)


async def refuse_gaps(places: Logs, topics: Sequence[str], first: Offsets, time: datetime) -> None:
    """CliError (1) if one of these logs begins later than that time, or nobody tells when. What has
    lost all its records is left out: how old they were is not known any more."""
    ends, begins = await places.ends(topics), await places.begins(topics)
    cut = {place: at for place, at in begins.items() if 0 < at < ends[place] and first[place] <= at}
    for (topic, number), at in sorted((await _times(places, cut)).items()):
        began = datetime.fromtimestamp(at / 1000, UTC)
        if began > time:
            line = f"{topic}/{number} keeps nothing from before {time_of_day(began)}"
            raise CliError(f"{line}: of what was said since {time_of_day(time)} some is gone")


async def _times(places: Logs, cut: Offsets) -> Mapping[Partition, int]:
    """Of all of them: it is asked on as long as more is told."""
    times: dict[Partition, int] = {}
    while left := {place: at for place, at in cut.items() if place not in times}:
        told = await places.times_at(left)
        if not told.keys() & left.keys():
            topic, number = min(left)
            line = f"Kafka does not tell how old the first record of {topic}/{number} is"
            raise CliError(f"{line}: try again")
        times |= told
    return times
