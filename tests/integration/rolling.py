"""Code with version 2 of partner-onboarding beside the code here, and processes that roll.

Version 2 has a sixth step, `training`, as tests/saga/sixth_step.py adds it to a copy of the packages.
"""

import asyncio
import os
import shutil
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from deploy.local.child import Child
from tests.integration import outside, ran, starts
from tests.integration.outside import Reading, Seen
from tests.integration.starts import Sent
from tests.integration.system import FAST_GROUPS, System
from tests.saga import sixth_step
from tests.sources import ROOT

PACKAGES = ("contracts", "services", "saga_state", "deploy")
TRAINED = "training-scheduled"
NOT_ALLOWED_EACH = 6  # one start in so many is refused by contract, and undone
PAUSE_SECONDS = 0.3
STOP_SECONDS = 60.0  # as docs/deploy.md has it


def with_sixth_step(folder: Path) -> Path:
    """The folder, with the packages in which partner-onboarding has a version 2."""
    for package in PACKAGES:
        leave_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, folder / package, ignore=leave_out)
    sixth_step.add_to(folder)
    return folder


@dataclass
class Fleet:
    """The processes of a system, old and new ones, by the names that the supervisor has for them.

    `code` holds version 2. `now` has per service who does its work.
    """

    running: System
    code: Path
    now: dict[str, str] = field(default_factory=dict)
    _begun: Counter[str] = field(default_factory=Counter)

    async def begin(self, services: Iterable[str]) -> None:
        """All of them, by the code here."""
        await self.running.stack.supervisor.launch([self._child(name, {}) for name in services])
        self.now = {name: name for name in services}

    async def join(self, service: str, **env: str) -> None:
        """A worker of the new code; when it is ready whoever did the work until now is stopped."""
        self._begun[service] += 1
        name = f"{service}-next{self._begun[service]}"
        new = replace(self._child(name, {"PYTHONPATH": str(self.code), **env}), cwd=self.code)
        await self.running.stack.supervisor.launch([new])
        before, self.now[service] = self.now.get(service), name
        if before is not None:
            await self._stop(before)

    async def join_old(self, service: str) -> None:
        """The same with the old code."""
        await self.running.stack.supervisor.start(service)
        before, self.now[service] = self.now[service], service
        await self._stop(before)

    async def leave(self, service: str) -> None:
        await self._stop(self.now.pop(service))

    async def _stop(self, name: str) -> None:
        """By SIGTERM, which is enough."""
        await self.running.stack.supervisor.stop(name)
        log = self.running.log(name)
        assert "process.stopped" in log, f"{name}: {log[-2000:]}"

    def _child(self, name: str, env: dict[str, str]) -> Child:
        child = self.running.stack._service(name, env)
        return replace(child, stop_grace_seconds=STOP_SECONDS, ready_seconds=180)

    async def onboarding(self, *arguments: str, **more: str) -> ran.Ran:
        """The command line of the new code, with `more` settings."""
        env = {
            **FAST_GROUPS,
            "ONBOARDING_KAFKA": self.running.kafka,
            "ONBOARDING_MONGO": self.running.stack.mongo,
            "ONBOARDING_PREFIX": self.running.prefix,
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(self.code),
            **more,
        }
        return await ran.onboarding(*arguments, env=env, folder=self.code)


@dataclass
class Load:
    """Starts that name no journey, one after the other for as long as the block lasts.

    `good` and `refused` are their correlation ids.
    """

    running: System
    good: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> "Load":
        self._task = asyncio.create_task(self._go_on())
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._over.set()
        await self._task

    async def _go_on(self) -> None:
        async with starts.producer_to(self.running.kafka) as producer:
            while not self._over.is_set():
                await starts.send_by(producer, self.running.start_topic, [self._one()])
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._over.wait(), PAUSE_SECONDS)

    def _one(self) -> Sent:
        number = len(self.good) + len(self.refused)
        if number % NOT_ALLOWED_EACH:
            self.good.append(f"good-{number}")
            return starts.start(self.good[-1])
        self.refused.append(f"refused-{number}")
        return starts.start(self.refused[-1], tipo_partner="INDIVIDUAL")


async def said(running: System) -> list[Seen]:
    """All that steps said, with what only version 2 says."""
    topics = [*outside.event_topics(running.prefix), f"{running.prefix}onboarding.{TRAINED}"]
    async with Reading(running.kafka, topics) as reading:
        seen = await reading.to_the_end()
    return [one for one in seen if one.header("ce_source").startswith("/services/")]


def versions(events: Iterable[Seen]) -> dict[str, set[str]]:
    """By saga the versions of the journey that its events name."""
    found: dict[str, set[str]] = {}
    for one in events:
        found.setdefault(one.header("ce_sagaid"), set()).add(one.header("ce_journey"))
    return found


def steps_of(saga: dict[str, Any]) -> list[str]:
    """As the projection has them."""
    return [step["step"] for step in saga["steps"]]
