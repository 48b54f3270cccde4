"""Which faults a run has is told by their names, and the seed tells their order."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from tests.chaos.cluster.load import KINDS, starts_of
from tests.chaos.cluster.plan import LANES, PAUSES, SECONDS, USUAL_SECONDS, lanes_of, rage
from tests.chaos.cluster.servers import Servers
from tests.chaos.cluster.target import Cluster
from tests.integration.polling import until_so

NOBODY = cast(Servers, None)


def test_all_are_all_lanes_and_none_is_none():
    assert lanes_of("all") == list(LANES.values())
    assert lanes_of("none") == []


def test_a_lane_or_some_faults_are_named_with_commas():
    named = [list(strikes) for strikes in lanes_of("step-down,kill-worker,reset")]
    assert named == [["reset"], ["step-down"], ["kill-worker"]]
    assert lanes_of("workers") == [LANES["workers"]]


def test_the_platform_is_there_for_most_of_the_time():
    for name in LANES["platform"]:
        least_pause, longest = PAUSES[name][0], SECONDS.get(name, USUAL_SECONDS)[1]
        assert longest < 0.7 * least_pause


def test_an_unknown_fault_is_named():
    with pytest.raises(ValueError, match=r"flood: not one of .*kill-leader"):
        lanes_of("reset,flood")


async def test_in_a_lane_one_strikes_at_a_time_and_at_the_end_all_are_healed():
    told: list[str] = []
    cluster = Cluster(NOBODY, (), lambda: told.append("heard"), told.append)
    lanes = [{"a": nothing, "b": nothing}]
    async with rage(cluster, lanes, random.Random(1), pace=0.001):
        await until_so("six strikes", lambda: cluster.struck.total() >= 6, 10)
    one_by_one = ["begins", "strikes nobody", "is healed", "heard"] * cluster.struck.total()
    assert [line.removeprefix("a ").removeprefix("b ") for line in told] == one_by_one
    assert cluster.now == []
    assert cluster.struck.keys() == {"a", "b"}


async def test_lanes_strike_side_by_side_and_what_fails_in_one_ends_the_run():
    cluster = Cluster(NOBODY, (), lambda: None, lambda _: None)

    async def run() -> None:
        async with rage(cluster, [{"a": nothing}, {"b": broken}], random.Random(1), pace=0.001):
            await until_so("for ever", lambda: False, 10)

    with pytest.raises(ExceptionGroup) as found:
        await run()
    assert found.group_contains(RuntimeError, match="cannot be done")


@asynccontextmanager
async def nothing(cluster: Cluster, chance: random.Random) -> AsyncIterator[str]:
    yield "nobody"


@asynccontextmanager
async def broken(cluster: Cluster, chance: random.Random) -> AsyncIterator[str]:
    raise RuntimeError("cannot be done")
    yield


def test_the_same_seed_makes_the_same_starts():
    def drawn(seed: int) -> list[Any]:
        return [(one.name, one.kind, one.again_after) for one in starts_of(seed, 500)]

    assert drawn(7) == drawn(7) != drawn(8)


def test_one_start_in_five_is_to_end_otherwise_than_completed_and_some_come_twice():
    some = list(starts_of(1, 4000))
    good = [one for one in some if one.kind == "good"]
    poison = [one for one in some if one.kind == "poison"]
    twice = [one for one in some if one.again_after is not None]
    assert {one.kind for one in some} == {*KINDS, "poison"}
    assert 0.78 < len(good) / 4000 < 0.82
    assert 0.08 < len(twice) / 4000 < 0.12
    assert 0.003 < len(poison) / 4000 < 0.008
