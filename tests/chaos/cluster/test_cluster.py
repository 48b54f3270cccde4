"""A whole cluster on one machine, struck by every kind of fault: nothing is lost or done twice.

Apache Kafka, three brokers and three mongods; `make chaos` runs the same with more sagas,
and wants progress within 60 s of each heal; here it is twice that, for others use the machine too.
ONBOARDING_CHAOS_SEED repeats what was drawn, ONBOARDING_CHAOS_SAGAS makes it longer.
"""

import os
from pathlib import Path

import pytest

from tests.chaos.cluster.plan import lanes_of
from tests.chaos.cluster.report import figures_of, print_table
from tests.chaos.cluster.run import Wanted, run
from tests.chaos.conftest import Found

SAGAS = int(os.environ.get("ONBOARDING_CHAOS_SAGAS", "500"))
STARTS_A_SECOND = 4.0
pytestmark = [pytest.mark.apache, pytest.mark.long, pytest.mark.slow,
              pytest.mark.timeout(900 + SAGAS / STARTS_A_SECOND)]  # fmt: skip


async def test_whatever_strikes_the_cluster_no_saga_is_lost_and_none_has_an_effect_too_many(
    tmp_path: Path, found: Found
):
    print(f"ONBOARDING_CHAOS_SEED={found.seed}")
    wanted = Wanted(SAGAS, found.seed, STARTS_A_SECOND, 2, lanes_of("all"), tmp_path)
    told = await run(wanted)
    figures = figures_of(told, recovery_seconds=120)
    print_table(figures, told)
    found.figures.extend(figures)
    assert [one for one in figures if one["met"] is False] == []
    assert told.verdict.counted["accepted"] == SAGAS
    assert told.cluster.struck.total() > 10, "little was done to it"
