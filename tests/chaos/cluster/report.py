"""The figures of a run: a table for people, for the report that `make chaos` leaves."""

from collections import Counter
from collections.abc import Iterable, Sequence

from tests.bench.reporting import Figure, figure, line_of
from tests.chaos.cluster.checker import FAULTS
from tests.chaos.cluster.run import Told

PROGRESS_GOAL_SECONDS = 60.0
COUNTED = ("accepted", "poison", "ended COMPLETED", "ended FAILED", "ended COMPENSATED",
           "records", "duplicates")  # fmt: skip


def figures_of(told: Told, recovery_seconds: float = PROGRESS_GOAL_SECONDS) -> list[Figure]:
    """All of them; a goal is the most that it may be."""
    counted, following = told.verdict.counted, told.following
    slowest = max([*following.recoveries, told.silence], default=0.0)
    return [
        *(figure(f"cluster: {name}", counted[name], "") for name in COUNTED),
        *(figure(f"cluster: {name}", counted[name], "", 0, at_most=True) for name in FAULTS),
        figure("cluster: not at rest at the end", not told.at_rest, "", 0, at_most=True),
        figure("cluster: slowest recovery", slowest, "s", recovery_seconds, at_most=True),
        figure("cluster: longest time without an end", following.longest_silence, "s"),
        figure("cluster: from the last heal to the last end", following.drained, "s"),
        *_done(told),
        figure("cluster: seconds of load and check", told.seconds, "s"),
    ]


def _done(told: Told) -> Iterable[Figure]:
    for name, count in sorted(told.cluster.struck.items()):
        yield figure(f"fault: {name}", count, "")
    proxies = told.cluster.servers.proxies.values()
    between = sum((one.counted for one in proxies), start=Counter(told.sender.counted))
    for name in sorted(between.keys() - COUNTED):
        yield figure(f"between: {name}", between[name], "")


def print_table(figures: Sequence[Figure], told: Told) -> None:
    """And the first of each kind of what is wrong."""
    for one in figures:
        print(line_of(one))
    for kind, words in told.verdict.faults.items():
        print(f"{kind}:", *words, sep="\n  ")
