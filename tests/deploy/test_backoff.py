"""The pause before a crashed process is started again."""

import random

from deploy.local.backoff import Backoff

BACKOFF = Backoff(base_seconds=0.2, cap_seconds=10)


class Most(random.Random):
    """Chance at its upper end."""

    def uniform(self, a: float, b: float) -> float:
        return b


def test_it_doubles_with_each_crash_up_to_its_cap() -> None:
    pauses = [BACKOFF.delay_seconds(crashes, Most()) for crashes in (1, 2, 3, 6, 7, 5000)]
    assert pauses == [0.2, 0.4, 0.8, 6.4, 10, 10]


def test_chance_takes_away_at_most_half_so_that_siblings_do_not_return_in_step() -> None:
    pauses = [BACKOFF.delay_seconds(3, random.Random(seed)) for seed in range(200)]
    assert 0.4 <= min(pauses) < 0.45 < 0.75 < max(pauses) <= 0.8
