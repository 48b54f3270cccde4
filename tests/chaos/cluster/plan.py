"""Which faults there are, in lanes by whom they strike, and their order, drawn from the seed.

In a lane one strikes at a time, so that two of three always stand; the lanes go on side by side.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

from tests.chaos.cluster import strikes_brokers, strikes_databases, strikes_network, strikes_workers
from tests.chaos.cluster.target import Cluster

Strike = Callable[[Cluster, random.Random], AbstractAsyncContextManager[str]]
Lanes = Sequence[Mapping[str, Strike]]
LANES: Mapping[str, Mapping[str, Strike]] = {
    "brokers": strikes_brokers.STRIKES,
    "network": strikes_network.STRIKES,
    "databases": strikes_databases.STRIKES,
    "workers": strikes_workers.STRIKES,
    "platform": strikes_workers.PLATFORM_STRIKES,
}
PAUSE_SECONDS, USUAL_SECONDS = (1.0, 5.0), (2.0, 10.0)


def lanes_of(text: str) -> Lanes:
    """`all`, `none`, or names of lanes and faults with commas. ValueError names an unknown one."""
    wanted = {"all": set(LANES), "none": set()}.get(text, set(text.split(",")))
    known = set(LANES).union(*LANES.values())
    if unknown := wanted - known:
        raise ValueError(f"{', '.join(sorted(unknown))}: not one of {', '.join(sorted(known))}")
    chosen = [
        {name: strike for name, strike in strikes.items() if {name, lane} & wanted}
        for lane, strikes in LANES.items()
    ]
    return [strikes for strikes in chosen if strikes]


@asynccontextmanager
async def rage(
    cluster: Cluster, lanes: Lanes, chance: random.Random, pace: float = 1.0
) -> AsyncIterator[None]:
    """While the block lasts faults begin and are healed; those that strike at its end are healed
    before it is left. All waits take `pace` times as long."""
    seeds = [random.Random(chance.random()) for _ in lanes]
    async with asyncio.TaskGroup() as group:
        for strikes, own in zip(lanes, seeds, strict=True):
            group.create_task(_one_by_one(cluster, strikes, own, pace))
        try:
            yield
        finally:
            cluster.over.set()


async def _one_by_one(
    cluster: Cluster, strikes: Mapping[str, Strike], chance: random.Random, pace: float
) -> None:
    """Each of them once in some order, those that take long last, then each again in another."""
    while not cluster.over.is_set():
        drawn = chance.sample(list(strikes), len(strikes))
        for name in sorted(drawn, key=LONG.__contains__):
            pause = PAUSES.get(name, PAUSE_SECONDS)
            if await _is_over(cluster, pace * chance.uniform(*pause)):
                return
            with cluster.striking(name):
                async with strikes[name](cluster, chance) as whom:
                    cluster.log(f"{name} strikes {whom}")
                    seconds = chance.uniform(*SECONDS.get(name, USUAL_SECONDS))
                    await _is_over(cluster, pace * seconds)


async def _is_over(cluster: Cluster, seconds: float) -> bool:
    with suppress(TimeoutError):
        await asyncio.wait_for(cluster.over.wait(), seconds)
    return cluster.over.is_set()


LONG = {"join-and-leave", "roll-workers", "roll-brokers", "roll-databases"}
# Rarely: a step that finds no answer in its time is right to undo a good saga.
PAUSES: Mapping[str, tuple[float, float]] = dict.fromkeys(
    strikes_workers.PLATFORM_STRIKES, (15.0, 30.0)
)
# How long one strikes, from and to, if not the usual time; some last as long as what they do.
SECONDS: Mapping[str, tuple[float, float]] = {
    "kill-worker": (0.0, 1.0), "end-worker": (0.0, 1.0), "stop-worker": (2.0, 20.0),
    "roll-workers": (0.0, 0.0), "roll-brokers": (0.0, 0.0), "roll-databases": (0.0, 0.0),
    "step-down": (0.0, 2.0), "join-and-leave": (0.0, 0.0), "kill-platform": (0.0, 1.0),
}  # fmt: skip
