"""Giving topics more partitions. What is on them stays where it is; none is taken away."""

from collections.abc import Mapping, Sequence

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions

from services.runtime.settings import Settings
from services.runtime.topics import asking, wanted_topics


async def partition_counts(settings: Settings) -> Mapping[str, int]:
    """Of every topic of the system that is there how many partitions it has."""
    async with asking(settings) as admin:
        there = set(await admin.list_topics())
        return await _counts(
            admin, [one.name for one in wanted_topics(settings) if one.name in there]
        )


async def grow(
    settings: Settings, topics: Sequence[str], partitions: int, only_ask: bool = False
) -> None:
    """So many partitions for each of these topics. `only_ask`: whether the broker would. Raises
    what it says; a broker that cannot (Tansu) knows no such request."""
    async with asking(settings) as admin:
        wanted = {topic: NewPartitions(partitions) for topic in topics}
        await admin.create_partitions(wanted, validate_only=only_ask)


async def _counts(admin: AIOKafkaAdminClient, topics: Sequence[str]) -> Mapping[str, int]:
    found = await admin.describe_topics(topics) if topics else []
    return {one["topic"]: len(one["partitions"]) for one in found}
