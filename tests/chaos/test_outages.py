"""A minute without the broker, then one without the database, while 500 sagas are under way: none
is undone for it.

Time in which nobody could do anything counts against nobody. The embedded broker keeps its topics
in memory, so it gives no answer for a while, and the database is gone; with Apache Kafka it is the
other way round.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.chaos.conftest import Found
from tests.chaos.outages import Away, Broker, crowd
from tests.chaos.rest import until_at_rest, verdict

SAGAS, UNDER_WAY, BETWEEN = 640, 500, 20
CALL_SECONDS = 0.8  # sixteen at once: the last saga is not called for half a minute


@dataclass(frozen=True)
class Size:
    """How long each server is away; `timeout`: how long a step has (None: the usual 30 s)."""

    away_seconds: float
    timeout: int | None
    rest_seconds: float

    @property
    def env(self) -> dict[str, str]:
        usual = {"ONBOARDING_LOG_LEVEL": "WARNING", "ONBOARDING_RETRY_CAP_SECONDS": "2"}
        if self.timeout is None:
            return usual
        short = {"STEP_TIMEOUT": self.timeout, "STEP_GRACE": 1, "CALL_TIMEOUT": 3}
        return usual | {f"ONBOARDING_{name}_SECONDS": str(told) for name, told in short.items()}


FULL = Size(away_seconds=60, timeout=None, rest_seconds=180)
SMALL = Size(away_seconds=18, timeout=10, rest_seconds=120)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.servers
@pytest.mark.long
async def test_a_minute_without_the_broker_and_one_without_the_database_undo_no_saga(
    prefix: str, tmp_path: Path, found: Found
):
    await nobody_is_undone("embedded", FULL, ("mute", "gone"), prefix, tmp_path, found)


@pytest.mark.long
@pytest.mark.servers
async def test_outages_that_are_longer_than_a_step_may_take_undo_no_saga(
    prefix: str, tmp_path: Path, found: Found
):
    await nobody_is_undone("embedded", SMALL, ("mute", "gone"), prefix, tmp_path, found)


@pytest.mark.apache
async def test_the_same_when_apache_kafka_is_gone_and_the_database_mute(
    prefix: str, tmp_path: Path, found: Found
):
    await nobody_is_undone("apache", SMALL, ("gone", "mute"), prefix, tmp_path, found)


async def nobody_is_undone(
    broker: Broker, size: Size, how: tuple[Away, Away], prefix: str, folder: Path, found: Found
) -> None:
    async with crowd(broker, prefix, folder, size.env, SAGAS, CALL_SECONDS) as here:
        assert await here.under_way() >= UNDER_WAY
        await here.without("kafka", how[0], size.away_seconds)
        await here.until_under_way(await here.under_way() - BETWEEN)
        assert await here.under_way() >= UNDER_WAY
        await here.without("mongo", how[1], size.away_seconds)
        await until_at_rest(here.running, size.rest_seconds)
        ends, faults = await verdict(here.running)
        about = f"outages of {size.away_seconds:g} s each ({broker})"
        found.add(f"{about}: of {SAGAS} sagas not completed", SAGAS - ends["COMPLETED"], "", 0)
        assert faults == {}
        assert ends == {"COMPLETED": SAGAS}
        said = {one.type for one in await here.running.events()}
        assert not said & {"PartnerOnboardingFailed", "CompensationRequested"}
