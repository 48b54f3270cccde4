"""Topics of Apache Kafka are given more partitions under load, as `onboarding topics grow` plans it."""

import asyncio
from pathlib import Path

import pytest

from deploy.local.stack import SERVICES
from tests.chaos.rest import until_at_rest, verdict
from tests.conftest import RealServers
from tests.integration.outside import Seen
from tests.integration.polling import until
from tests.integration.rolling import Fleet, Load
from tests.integration.system import system
from tests.integration.with_platform import SETTINGS, platform_of
from tests.own_servers import servers_or_skip
from tests.sources import ROOT

BEFORE, AFTER = 4, 6
GROW = ("topics", "grow", "--partitions", str(AFTER))
REST_SECONDS = 180


@pytest.mark.apache
@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_topics_grow_under_load_and_no_saga_is_lost_or_undone_for_it(
    prefix: str, tmp_path: Path
):
    async with (
        servers_or_skip("apache", tmp_path / "servers") as servers,
        system(
            servers.kafka, servers.mongo, prefix, tmp_path / "up", env=SETTINGS, platform=True
        ) as running,
    ):
        fleet = Fleet(running, ROOT)
        await platform_of(running).tell("slow", seconds=2)
        async with Load(running) as load:
            await running.completed(20)
            refused = await fleet.onboarding(*GROW, "--execute")
            assert (refused.code, refused.out) == (1, "")
            assert "nothing was changed: registration, contract, " in refused.err
            planned = await fleet.onboarding(*GROW, "-o", "json")
            assert (planned.code, planned.json[0]["step"]) == (1, 1)
            assert "not yet" in planned.err
            await _while_all_are_stopped(fleet, load)
            await running.completed(len(load.good) + 10)
        await until_at_rest(running, REST_SECONDS)
        ends, faults = await verdict(running)
        assert faults == {}
        assert ends == {"COMPLETED": len(load.good), "COMPENSATED": len(load.refused)}
        assert not any((await running.dead_letters()).values())
        assert len(moved(await running.events())) > 1


async def _while_all_are_stopped(fleet: Fleet, load: Load) -> None:
    """Starts go on meanwhile; sagas are in the middle, and others come before they are back."""
    supervisor = fleet.running.stack.supervisor
    await asyncio.gather(*(supervisor.stop(name) for name in SERVICES))

    async def planned() -> bool:
        return (await fleet.onboarding(*GROW)).code == 0

    await until("no member of a group", planned, pause=1)
    grown = await fleet.onboarding(*GROW, "--execute")
    assert (grown.code, f" has {AFTER} partitions\n" in grown.out) == (0, True), grown
    told = await fleet.onboarding("audit", "list", "--what", "topics.grow", "-o", "json")
    topics = grown.out.count(f" has {AFTER} partitions\n")
    assert [one["reason"] for one in told.json] == [f"{topics} topics: {AFTER} partitions each"]
    sent = len(load.good)
    again = await fleet.onboarding(*GROW)
    assert (again.code, again.out) == (0, f"all topics have {AFTER} partitions\n")
    told = await fleet.onboarding("topics", "check", ONBOARDING_PARTITIONS=str(AFTER))
    assert told.code == 0, told

    async def more_were_sent() -> bool:
        return len(load.good) > sent

    await until("starts on the topics that have grown", more_were_sent)
    await asyncio.gather(*(supervisor.start(name) for name in SERVICES))


def moved(events: list[Seen]) -> set[bytes]:
    """The sagas, by their keys, that have something in old partitions and something in new ones."""
    new = {one.key for one in events if one.key and one.partition >= BEFORE}
    return {one.key for one in events if one.key in new and one.partition < BEFORE}


@pytest.mark.servers
async def test_a_broker_that_cannot_says_so_and_what_helps(
    real_servers: RealServers, shared, tmp_path: Path
):
    if real_servers.broker == "apache":
        pytest.skip("Apache Kafka can give more: the test above has it do so")
    told = await Fleet(shared, ROOT).onboarding(*GROW)
    assert (told.code, told.out) == (1, "")
    assert "this broker cannot give a topic more partitions; start the embedded one" in told.err


@pytest.mark.servers
async def test_none_is_taken_away_and_none_is_given_where_there_are_enough(shared):
    fleet = Fleet(shared, ROOT)
    fewer = await fleet.onboarding("topics", "grow", "--partitions", "3")
    assert (fewer.code, "Kafka takes none away" in fewer.err) == (2, True)
    same = await fleet.onboarding("topics", "grow", "--partitions", str(BEFORE))
    assert (same.code, same.out) == (0, f"all topics have {BEFORE} partitions\n")
