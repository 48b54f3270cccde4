"""Which samples of the process's metrics changed, and by how much."""

from collections.abc import Iterator
from contextlib import contextmanager

from services.runtime.metrics import REGISTRY

Samples = dict[tuple[str, ...], float]


def samples(*names: str) -> Samples:
    """By name without `onboarding_` and the values of its labels; of histograms the counts."""
    return {
        (one.name.removeprefix("onboarding_"), *one.labels.values()): one.value
        for metric in REGISTRY.collect()
        for one in metric.samples
        if not one.name.endswith(("_bucket", "_created"))
        and (not names or one.name.removeprefix("onboarding_") in names)
    }


@contextmanager
def counted(*names: str) -> Iterator[Samples]:
    """What the block added to each; what it left alone is not in it. Without names: to any."""
    before, found = samples(*names), Samples()
    yield found
    after = samples(*names)
    found |= {
        key: round(value - before.get(key, 0.0), 6)
        for key, value in after.items()
        if value != before.get(key, 0.0)
    }
