"""A group that has read further than a log goes, told from an end that is too low for a moment."""

from collections.abc import Iterable, Mapping, Sequence

from services.runtime.log_ends import Past, past_the_end
from services.runtime.watching import Offsets, Partition

PLACE = ("topic", 0)


class Told:
    """Ends one after the other, the last for good."""

    def __init__(self, committed: Mapping[Partition, int], ends: Iterable[int]) -> None:
        self.committed, self.left = committed, list(ends)

    async def of_group(self, group: str, partitions: Sequence[Partition]) -> Offsets:
        return self.committed

    async def ends(self, topics: Sequence[str]) -> Offsets:
        assert list(topics) == sorted({topic for topic, _ in self.committed})
        return {PLACE: self.left.pop(0) if len(self.left) > 1 else self.left[0]}

    async def begins(self, topics: Sequence[str]) -> Offsets:
        return dict.fromkeys([PLACE], 0)


async def test_a_group_that_is_past_the_end_for_longer_than_the_patience_is_told():
    found = await past_the_end(Told({PLACE: 9}, [3]), "group", [PLACE], 0.05)
    assert found == [Past("group", PLACE, 9, 3)]
    told = str(found[0])
    assert told.startswith("group has read topic/0 up to 9, but that log ends at 3:")
    assert told.endswith("--reset-offsets --to-earliest --group group --topic topic --execute")


async def test_an_end_that_was_too_low_for_a_moment_stops_nobody():
    assert await past_the_end(Told({PLACE: 9}, [3, 9]), "group", [PLACE], 0.05) == []


async def test_a_group_at_the_end_or_before_it_or_that_has_committed_nothing_goes_on():
    assert await past_the_end(Told({PLACE: 9}, [9]), "group", [PLACE], 0) == []
    assert await past_the_end(Told({PLACE: 8}, [9]), "group", [PLACE], 0) == []
    assert await past_the_end(Told({}, [9]), "group", [PLACE], 0) == []
