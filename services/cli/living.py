"""Who is in the consumer groups: what may be done only while no service runs asks here first."""

from collections.abc import Mapping, Sequence

from contracts.topics import group
from services.runtime.kafka_places import Members, open_places
from services.runtime.settings import Settings
from services.steps import step_names


async def living(settings: Settings) -> Mapping[str, Sequence[str]]:
    """By service who is in its group; one that was killed is for as long as its session."""
    async with open_places(settings) as places:
        names = [*step_names(), "saga-state"]
        members = [await places.members(group(name, settings.prefix)) for name in names]
    return who_lives(dict(zip(names, members, strict=True)))


def who_lives(members: Mapping[str, Members]) -> Mapping[str, Sequence[str]]:
    """Whoever is not known to be empty: of a group that is sharing out its partitions just now no
    clients are told, and on Tansu never."""
    told = {name: one.clients for name, one in members.items()}
    return {
        name: ("somebody",) if some is None else some for name, some in told.items() if some != ()
    }
