"""A Prometheus that watches a running system, and what it says of it."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

from tests.integration.polling import until
from tests.integration.starts import Sent, send
from tests.integration.system import System

SECONDS = 90.0


@dataclass(frozen=True)
class Watched:
    """A system, and the Prometheus that watches it."""

    system: System
    url: str

    async def ask(self, path: str) -> Any:
        def get() -> Any:
            with urlopen(f"{self.url}/api/v1/{path}", timeout=10) as answer:
                return json.loads(answer.read())["data"]

        return await asyncio.to_thread(get)

    async def value(self, query: str) -> float | None:
        """Of a query with one result; None: it has none."""
        result = await self.result(query)
        return float(result[0]["value"][1]) if result else None

    async def result(self, query: str) -> list[Mapping[str, Any]]:
        """All that a query finds."""
        return list((await self.ask(f"query?query={quote(query)}"))["result"])

    async def active(self) -> list[Mapping[str, Any]]:
        """The alerts that fire or are about to (`state`), with labels and annotations."""
        return list((await self.ask("alerts"))["alerts"])

    async def firing(self) -> dict[str, Mapping[str, str]]:
        """The alerts that fire now, with their labels."""
        told = await self.active()
        return {
            one["labels"]["alertname"]: one["labels"] for one in told if one["state"] == "firing"
        }

    async def fires(self, alert: str, seconds: float = SECONDS, **labels: str) -> None:
        async def so() -> bool:
            told = [one["labels"] for one in await self.active() if one["state"] == "firing"]
            return any(one["alertname"] == alert and labels.items() <= one.items() for one in told)

        await until(f"{alert} {labels}", so, seconds)

    async def ends(self, alert: str, seconds: float = SECONDS) -> None:
        async def so() -> bool:
            return alert not in await self.firing()

        await until(f"the end of {alert}", so, seconds)

    async def starts(self, *messages: Sent) -> None:
        await send(self.system.kafka, self.system.start_topic, *messages)
