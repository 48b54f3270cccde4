"""What the end-to-end tests do with a stack: start one, call the command line, wait for sagas."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.local.child import READY_SECONDS

ONBOARDING = str(Path(sys.executable).parent / "onboarding")
START_SECONDS = 150.0  # on a machine that is busy with other things
UP_SECONDS = (
    2 * READY_SECONDS + 30
)  # it tells itself what was not ready: its servers, then its services


@dataclass(frozen=True)
class Up:
    """A running `onboarding up` and its working folder."""

    process: subprocess.Popen[str]
    folder: Path

    @property
    def told(self) -> str:
        return (self.folder / "up.log").read_text()

    @property
    def run(self) -> dict[str, object]:
        content: dict[str, object] = json.loads((self.folder / ".onboarding/run.json").read_text())
        return content

    def pids(self) -> dict[str, int]:
        return {one["name"]: one["pid"] for one in self.run["processes"]}  # type: ignore[attr-defined]

    def __call__(
        self, *arguments: str, stdin: str = "", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return call(arguments, self.folder, stdin, env or {})


def call(
    arguments: Sequence[str], folder: Path, stdin: str = "", env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    command = [ONBOARDING, *arguments]
    told = subprocess.run(
        command, cwd=folder, env=clean() | dict(env or {}), input=stdin,
        capture_output=True, text=True, timeout=START_SECONDS,
    )  # fmt: skip
    assert "Traceback" not in told.stdout + told.stderr, told.stderr
    return told


def clean() -> dict[str, str]:
    return {name: text for name, text in os.environ.items() if not name.startswith("ONBOARDING_")}


def eventually(is_so: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not so within {seconds:g} s"
        time.sleep(0.05)


@contextmanager
def up_or_skip(folder: Path, *options: str) -> Iterator[Up]:
    """A stack that is ready; where the embedded servers cannot run the test is skipped."""
    one = spawn_up(folder, *options)
    try:
        eventually(lambda: "Ctrl-C" in one.told or one.process.poll() is not None, UP_SECONDS)
        if "[embedded]" in one.told:
            pytest.skip(one.told)
        assert one.process.poll() is None, one.told
        yield one
    finally:
        one.process.terminate()
        one.process.wait(60)


def spawn_up(folder: Path, *options: str) -> Up:
    with (folder / "up.log").open("w") as log:
        process = subprocess.Popen(
            [ONBOARDING, "up", *options], cwd=folder, env=clean(), stdout=log, stderr=log, text=True
        )
    return Up(process, folder)


def somebody(**more: object) -> dict[str, object]:
    """Partner data with a fresh e-mail: one living partner per address."""
    email = f"p-{uuid4().hex[:10]}@example.com"
    data = {"nombre": "Somebody", "email": email, "telefono": "+1234567890"}
    return {**data, "tipo_partner": "STARTUP", **more}


def started(up: Up, *starts: dict[str, object], options: Sequence[str] = ()) -> list[dict]:
    """Started from a file and waited for; the sagas."""
    file = up.folder / f"{uuid4().hex}.jsonl"
    file.write_text("\n".join(json.dumps(start) for start in starts))
    told = up("start", str(file), "--wait", "-o", "jsonl", *options)
    return [json.loads(line) for line in told.stdout.splitlines()]
