"""What the tests of the local stack share: waiting with a deadline, heard events, tiny children."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from deploy.local.child import Child
from deploy.local.folder import StateFolder

FOREVER = "import time\nwhile True: time.sleep(60)"
Eventually = Callable[..., Awaitable[None]]
MakeChild = Callable[..., Child]


class Heard:
    """The events of a supervisor, in their order."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, Mapping[str, object]]] = []

    def __call__(self, event: str, fields: Mapping[str, object]) -> None:
        self.events.append((event, str(fields["name"]), fields))

    def names(self, event: str) -> list[str]:
        return [name for what, name, _ in self.events if what == event]


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    return StateFolder(tmp_path / "state")


@pytest.fixture
def eventually() -> Eventually:
    async def wait(is_so: Callable[[], Any], seconds: float = 15.0) -> None:
        deadline = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < deadline, f"not so within {seconds:g} s"
            await asyncio.sleep(0.01)

    return wait


@pytest.fixture
def gone() -> Callable[[int], bool]:
    def is_gone(pid: int) -> bool:
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    return is_gone


@pytest.fixture
def python() -> MakeChild:
    """A child that runs a few lines of Python (for ever, if none are given)."""

    def make(name: str, code: str = FOREVER, **options: Any) -> Child:
        options.setdefault("env", {})
        return Child(name, (sys.executable, "-I", "-S", "-c", code), **options)

    return make
