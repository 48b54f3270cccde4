"""One system in containers for the whole lane, and the load that is counted over all of it."""

import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from itertools import islice

import pytest

from tests.chaos.cluster.checker import Verdict, check
from tests.chaos.cluster.load import Sender, Start, starts_of
from tests.chaos.cluster.rest import until_at_rest
from tests.containers.fleet import Fleet, fleet
from tests.integration import starts

SEED, MOST_STARTS, STARTS_A_SECOND = 20261130, 100_000, 10.0


@dataclass
class Load:
    """Its starts are all different; what a broker acknowledged is what the checker goes by."""

    fleet: Fleet
    sender: Sender
    fresh: Iterator[Start] = field(
        # nobody here asks to undo one
        default_factory=lambda: (one for one in starts_of(SEED, MOST_STARTS) if one.kind != "asked")
    )

    async def send(self, count: int) -> None:
        await self.sender.send_all(islice(self.fresh, count), STARTS_A_SECOND)

    def note(self, name: str) -> None:
        """A start that another sent, which is to complete."""
        told = {"name": name, "kind": "good", "meant": "COMPLETED", "at": time.time()}
        with self.sender.accepted.open("a") as file:
            file.write(json.dumps(told) + "\n")
        self.sender.counted["accepted"] += 1

    async def verdict(self) -> Verdict:
        """When nothing goes on any more: lost, done twice, left, of all that was ever sent."""
        assert await until_at_rest(self.fleet, self.sender.counted["accepted"]), "no rest"
        effects = self.fleet.folder / "platform.jsonl"
        return await check(self.fleet.kafka, self.fleet.mongo, effects, self.sender.accepted)


@pytest.fixture(scope="session")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Fleet]:
    """Without Docker or podman it fails: `make test-containers` brings them."""
    async with fleet(tmp_path_factory.mktemp("containers")) as made:
        yield made
    for name, seconds in sorted(made.ready_after.items()):
        print(f"{name} was ready after {seconds:.1f} s")


@pytest.fixture(scope="session")
async def load(running: Fleet) -> AsyncIterator[Load]:
    accepted = running.folder / "accepted.jsonl"
    accepted.touch()
    async with starts.producer_to(running.kafka) as producer:
        yield Load(running, Sender(producer, accepted))
