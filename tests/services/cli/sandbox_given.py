"""Sagas that were played long ago, as they were recorded."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.envelope import Record
from contracts.journey import PARTNER_ONBOARDING_1
from contracts.starting import Asked, start_context, start_message
from services.runtime.memory import MemoryOutside
from services.runtime.settings import Settings, load_settings
from services.runtime.world import World
from services.steps import all_steps

THEN = datetime(2024, 5, 6, 12, tzinfo=UTC)
GOOD_THEN = {"type": "IDENTITY", "number": "7", "expires_on": "2024-05-07"}
STRICTER = {"denied_countries": ["KP", "BR"]}
OUTER = ("documents", "campaigns", "recruitment")


class Clock:
    """The days go on: a saga a day."""

    def __init__(self) -> None:
        self.now = THEN

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


class Archive:
    """What was recorded of sagas that were played then."""

    def __init__(self, **outside: MemoryOutside) -> None:
        self.clock = Clock()
        self.world = World(all_steps(), self.clock, outside=outside)
        self.ids: list[str] = []

    async def start(self, **changes: Any) -> str:
        """Another saga; its id."""
        number = len(self.ids)
        data = {
            "nombre": "Ana", "email": f"ana{number}@mail.example", "telefono": "+34600000000",
            "tipo_partner": "EMPRESA", "preferred_contract_type": "PREMIUM", **changes,
        }  # fmt: skip
        asked = Asked(data, "/crm", PARTNER_ONBOARDING_1, fresh_id=f"start-{number}")
        self.ids.append(start_context(asked).saga_id)
        await self.world.publish(start_message(asked, self.clock()))
        return self.ids[-1]

    def records(self) -> Mapping[str, Sequence[Record]]:
        """By saga, as they would be read."""
        found: dict[str, list[Record]] = {one: [] for one in self.ids}
        for topic in [*self.world.log.topics]:
            for record in self.world.log.records(topic):
                found[dict(record.headers)["ce_sagaid"].decode()].append(record)
        return found


@pytest.fixture
def archive() -> Archive:
    return Archive()


def settings(**changes: Any) -> Settings:
    return load_settings(_env_file=None, **changes)
