"""A whole system on servers of its own, something that is wrong with it, and `onboarding why`.

What `why` told of each cause is kept for the documents: .onboarding/reports/why.json.
"""

import asyncio
import json
import os
import re
import shlex
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from pymongo import AsyncMongoClient
from rich.console import Console

from deploy.local.child import leash
from deploy.local.stack import Stack
from saga_state.why.answer import Answer
from services.cli.why_page import one_answer
from services.evidence.asking import why_id
from services.evidence.sources import Sources
from services.runtime.settings import load_settings
from tests.deploy.sandbox import Sandbox
from tests.integration import ran, starts
from tests.integration.mongo_proxy import Wire, wire_to
from tests.integration.operators import REST, environment, odd_contract
from tests.integration.polling import until
from tests.integration.ran import Ran
from tests.integration.system import System, system
from tests.integration.with_platform import partner, platform_of, until_struck
from tests.own_servers import servers_or_skip

CALL_SECONDS, RETRY_SECONDS = 10, 6
SETTINGS = {
    "ONBOARDING_STEP_TIMEOUT_SECONDS": "600",  # so that nothing is undone while it is looked at
    "ONBOARDING_SWEEP_SECONDS": "0.2",
    "ONBOARDING_CALL_TIMEOUT_SECONDS": str(CALL_SECONDS),
    "ONBOARDING_RETRY_BASE_SECONDS": str(RETRY_SECONDS),
    "ONBOARDING_RETRY_CAP_SECONDS": str(RETRY_SECONDS),
}
DONE, REPORT = ("COMPLETED",), Path(".onboarding/reports/why.json")


@dataclass
class Asked:
    """The system, its servers, the wire to its database, and the command line on it."""

    running: System
    servers: Stack
    wire: Wire
    folder: Path
    env: dict[str, str]
    told: dict[str, dict[str, str]] = field(default_factory=dict)
    cause: str = ""

    @property
    def platform(self) -> Sandbox:
        return platform_of(self.running)

    @property
    def bug_file(self) -> Path:
        return self.folder / "bug"

    @property
    def slow_file(self) -> Path:
        return self.folder / "slow"

    async def onboarding(self, *arguments: str) -> Ran:
        return await ran.onboarding(*arguments, env=self.env, folder=self.folder)

    async def start(self, tenant: str = "default", **data: Any) -> str:
        """A start; its correlation id."""
        name = f"why-{uuid.uuid4().hex[:8]}"
        sent = starts.start(name, **data).with_headers(ce_tenantid=tenant)
        await starts.send(self.running.kafka, self.running.start_topic, sent)
        return name

    async def until_status(self, name: str, *statuses: str) -> dict[str, Any]:
        async def so() -> dict[str, Any] | None:
            found = await self.running.sagas(correlation_id=name)
            return found[0] if found and found[0]["status"] in statuses else None

        saga = await until(f"{name} {statuses}", so) or {}
        if "after" not in self.told.get(self.cause, {"after": ""}):
            shown = await self.onboarding("why", name, *self._here, "--tenant", saga["tenant_id"])
            self.told[self.cause]["after"] = shown.out.partition("\n")[0]
        return saga

    async def why(self, name: str, *options: str) -> Any:
        """The answer; empty if nobody knows the id yet."""
        told = await self.onboarding("why", name, *self._here, *options, "-o", "json")
        return told.json if told.code in (0, 3) else {}  # 3: servers are away

    async def until_why(self, name: str, cause: str, *options: str) -> Any:
        """The answer once that cause is its first; kept for the documents."""
        last: dict[str, Any] = {}
        shown = ""

        async def so() -> bool:
            """As JSON and as people read it, of which one is asked after the other."""
            nonlocal shown
            last.clear()
            last.update(await self.why(name, *options))
            if last.get("cause") != cause:
                return False
            shown = (await self.onboarding("why", name, *self._here, *options)).out
            return re.split(r"[\d(]", last["sentence"])[0] in shown

        try:
            await until(f"{cause} of {name}", so, pause=0.5)
        except AssertionError as error:
            raise AssertionError(f"{error}: {json.dumps(last, indent=1)}") from None
        self.note(cause, last, shown)
        return last

    def note(self, cause: str, answer: Any, shown: str) -> None:
        """Of each cause the first answer is kept for the documents."""
        self.cause = cause
        own = {"sentence": answer["sentence"], "command": answer["command"], "shown": shown}
        self.told.setdefault(cause, own)

    async def do(self, command: str, *more: str) -> Ran:
        """Run a command of the command line that `why` named."""
        program, *arguments = shlex.split(command)
        assert program == "onboarding", command
        ended = await self.onboarding(*arguments, *more)
        self.told.get(self.cause, {}).setdefault("helped", f"{ended.out}{ended.err}")
        return ended

    async def redrive(self, command: str) -> Ran:
        """As a person does: look first, then agree to what was shown."""
        looked = await self.onboarding(*shlex.split(command)[1:], "--dry-run", "-o", "json")
        assert looked.code == 0, looked.err
        return await self.do(command, "--yes", looked.json["hash"])

    @asynccontextmanager
    async def process(self, command: str, **env: str) -> AsyncIterator[None]:
        """What a `python -m` command runs, for as long as the block lasts."""
        program, *arguments = shlex.split(command)
        assert program == "python", command
        home = self.folder / uuid.uuid4().hex
        home.mkdir()
        told = {"ONBOARDING_HEALTH_FILE": str(home / "health"), **env}
        with (home / "log").open("wb") as output:
            one = await asyncio.create_subprocess_exec(
                sys.executable, *arguments, env={**self.env, **told}, cwd=home,
                stdout=output, stderr=asyncio.subprocess.STDOUT, preexec_fn=leash(os.getpid()),
            )  # fmt: skip
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                one.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(one.wait(), 30)
            if one.returncode is None:
                one.kill()
                await one.wait()

    def keep(self) -> None:
        """What was told of each cause, for the documents."""
        REPORT.parent.mkdir(parents=True, exist_ok=True)
        kept = json.loads(REPORT.read_text()) if REPORT.exists() else {}
        REPORT.write_text(json.dumps({**kept, **self.told}, indent=2, sort_keys=True))

    @property
    def _here(self) -> tuple[str, str]:
        return "--data", str(self.running.stack.supervisor.folder.root)


@asynccontextmanager
async def asked_why(broker: Literal["embedded", "apache"], folder: Path) -> AsyncIterator[Asked]:
    """All of it, ready; it is gone when the block ends."""
    prefix = f"w{uuid.uuid4().hex[:8]}-"
    async with AsyncExitStack() as up:
        servers = await up.enter_async_context(servers_or_skip(broker, folder / "servers"))
        wire = await up.enter_async_context(wire_to(servers.mongo))
        running = await up.enter_async_context(
            system(
                servers.kafka, wire.uri, prefix, folder / "up", REST, env=SETTINGS, platform=True
            )
        )
        env = environment(running, SETTINGS)
        slowly = {**env, "ONBOARDING_BATCH_MAX": "5"}
        await up.enter_async_context(odd_contract(slowly, folder / "bug"))
        here = {**env, "ONBOARDING_MONGO": servers.mongo}
        asked = Asked(running, servers, wire, folder, here)
        yield asked
        asked.keep()


@pytest.fixture(scope="module")
async def why_system(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Asked]:
    """It runs from the first test that asks `why` to the last."""
    broker = pytestconfig.getoption("--broker")
    async with asked_why(broker, tmp_path_factory.mktemp("why")) as asked:
        yield asked


@pytest.fixture
async def asked(why_system: Asked) -> AsyncIterator[Asked]:
    """Nothing is told to the platform before or after."""
    yield why_system
    await why_system.platform.heal()


async def slow(asked: Asked, step: str, seconds: float) -> str:
    """A saga whose call to that step's outside system takes so long; it is out."""
    name = partner()
    await asked.platform.tell("slow", step=step, seconds=seconds, partner_id=name)
    told = await asked.start(partner_id=name)
    await until_struck(asked.running, 1)
    return told


async def in_this_process(asked: Asked, name: str, status: str = "CONTRACT_CREATED") -> Answer:
    """Asked without the start of a command, and not before the projection knows so much of it."""
    query = {"correlation_id": name, "status": status}
    await until(f"{name} {status}", lambda: asked.running.count(**query), pause=0.02)
    settings = load_settings(
        _env_file=None, kafka=asked.running.kafka, prefix=asked.running.prefix,
        call_timeout_seconds=CALL_SECONDS,
    )  # fmt: skip

    async def known() -> Answer | None:
        async with AsyncMongoClient[dict[str, Any]](asked.servers.mongo) as client:
            told = await why_id(Sources(settings, client, seconds=10), "default", name)
        answer = told.answer if told else None
        return answer if answer and answer.status == status else None

    found = await until("the saga", known, pause=0.02)
    assert found is not None
    return found


def as_shown(answer: Answer) -> str:
    """As the command writes it."""
    console = Console(width=160, no_color=True)
    with console.capture() as captured:
        console.print(one_answer(answer))
    return captured.get()
