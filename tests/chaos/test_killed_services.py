"""1,000 sagas with duplicates and poison, while every service is killed with -9: one effect each.

What came of it is told from the topics alone, by code that shares nothing with ours.
"""

import random
import uuid
from collections import Counter
from pathlib import Path
from typing import Literal

import pytest

from tests.chaos.ordeal import Ordeal
from tests.chaos.verdict import NUMBERS, STATUS_AFTER, differing, numbers_of, sagas_of, status_of
from tests.integration import outside, starts
from tests.integration.outside import Place, Reading, Seen
from tests.integration.polling import until
from tests.integration.starts import Sent
from tests.integration.system import System, system
from tests.own_servers import servers_or_skip

SAGAS, TWICE, POISON, BURST = 1000, 100, 10, 50
SEED = 20_260_302
SMALL_BATCHES = {"ONBOARDING_BATCH_MAX": "40", "ONBOARDING_LOG_LEVEL": "WARNING"}
HEARERS_OF_STARTS = ("registration", "saga-state")


@pytest.mark.servers
@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_thousand_sagas_complete_once_each_though_every_service_is_killed(
    prefix: str, tmp_path: Path
):
    await judge("embedded", prefix, tmp_path)


@pytest.mark.apache
@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_the_same_on_apache_kafka(prefix: str, tmp_path: Path):
    await judge("apache", prefix, tmp_path)


async def judge(broker: Literal["embedded", "apache"], prefix: str, folder: Path) -> None:
    """Let a system go through it, and look at what came of it."""
    chance = random.Random(SEED)
    async with (
        servers_or_skip(broker, folder / "servers") as servers,
        system(servers.kafka, servers.mongo, prefix, folder, env=SMALL_BATCHES) as running,
    ):
        ordeal = Ordeal(running, servers.supervisor, chance, SAGAS)
        poison = await undergo(ordeal, chance)
        assert set(ordeal.killed_at) == {*outside.STEPS, "saga_state"}
        assert max(ordeal.killed_at.values()) < SAGAS, "who had nothing left to do was not tried"
        await running.at_rest()
        events, letters = await running.events(), await running.dead_letters()
        check_sagas(events)
        check_poison(poison, letters)
        assert await statuses(running) == Counter(map(status_of, sagas_of(events).values()))


async def undergo(ordeal: Ordeal, chance: random.Random) -> dict[Place, Sent]:
    """Send it all, and act on what comes until every saga has ended; the poison, where it stands."""
    system, load = ordeal.system, load_of(chance)
    poison: dict[Place, Sent] = {}
    async with (
        starts.producer_to(system.kafka) as producer,
        Reading(system.kafka, outside.event_topics(system.prefix)) as reading,
    ):
        for place in range(0, len(load), BURST):
            burst = load[place : place + BURST]
            places = await starts.send_by(producer, system.start_topic, burst)
            poison |= {at: one for at, one in zip(places, burst, strict=True) if not is_start(one)}
            await ordeal.follow(reading, producer)

        async def all_said() -> bool:
            await ordeal.follow(reading, producer)
            completed = (s for s in reading.seen if s.topic.endswith("onboarding-completed"))
            return not ordeal.due and len({s.header("ce_sagaid") for s in completed}) >= SAGAS

        await until("a completion of every saga", all_said, pause=0)
        await producer.flush()
    return poison


def load_of(chance: random.Random) -> list[Sent]:
    """Starts, some of them twice, and poison, in any order."""
    once = [starts.start(correlation_id=f"corr-{number}") for number in range(SAGAS)]
    load = [*once, *chance.sample(once, TWICE), *poison_of_all_kinds()]
    chance.shuffle(load)
    return load


def poison_of_all_kinds() -> list[Sent]:
    good = starts.start()
    kinds = [
        good.with_value(None),
        good.with_value(b"{"),
        good.with_value(b'{"a": "' + b"x" * 300_000 + b'"}'),
        good.with_headers(ce_type=None),
        good.with_headers(ce_type=f"{starts.TYPE}PartnerForgotten.v1"),
    ]
    again = [one.with_headers(ce_id=uuid.uuid4().hex) for one in kinds]
    return [*kinds, *again]


def is_start(one: Sent) -> bool:
    return dict(one.headers).get("ce_correlationid", b"").startswith(b"corr-")


def check_sagas(events: list[Seen]) -> None:
    """One saga per start, one event per type, one number of each kind, and all completed."""
    sagas = sagas_of(events)
    assert len(sagas) == SAGAS
    of_start = {saga: said["PartnerOnboardingCompleted"][0] for saga, said in sagas.items()}
    asked = {one.header("ce_correlationid") for one in of_start.values()}
    assert asked == {f"corr-{number}" for number in range(SAGAS)}
    for said in sagas.values():
        assert set(said) == set(STATUS_AFTER)
        assert differing(said) == []
    for kind, prefix in NUMBERS.items():
        numbers = [numbers_of(said)[kind] for said in sagas.values()]
        assert all(len(one) == 1 for one in numbers), kind
        assert len(set.union(*numbers)) == SAGAS, kind
        assert all(number.startswith(prefix) for number in set.union(*numbers))


def check_poison(poison: dict[Place, Sent], letters: dict[str, list[Seen]]) -> None:
    """All of it at its hearers as it was sent, and nothing else anywhere."""
    assert len(poison) == POISON
    for service, records in letters.items():
        expected = set(poison) if service in HEARERS_OF_STARTS else set()
        assert {one.copies for one in records} == expected, service
        for one in records:
            sent = poison[one.copies]
            assert (one.key, one.value or None) == (sent.key, sent.value)
            assert tuple(one.headers)[: len(sent.headers)] == tuple(sent.headers)


async def statuses(running: System) -> Counter[str]:
    """Of the projection."""
    return Counter(saga["status"] for saga in await running.sagas())
