"""What code knows of journeys and events: this one's, or that of another checkout or revision.

Other code is never imported here: a process of its own prints what it knows as JSON.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

from contracts.events import EVENTS
from contracts.journey import JOURNEYS
from contracts.json_schemas import Schema, json_schema
from services.cli.errors import NO, USAGE, CliError

PACKAGE = "contracts"
SECONDS = 60
Key = tuple[str, int]  # a name and its version


@dataclass(frozen=True, slots=True)
class Row:
    """A step, and the names of the events that it hears and says."""

    step: str
    hears: str
    says: str


@dataclass(frozen=True, slots=True)
class Code:
    """The journeys, step by step, and the JSON Schemas of the events, by name and version."""

    journeys: Mapping[Key, tuple[Row, ...]]
    events: Mapping[Key, Schema]


def this_code() -> Code:
    """What this process knows."""
    journeys = {
        key: tuple(Row(step.name, step.hears, step.says) for step in journey.steps)
        for key, journey in JOURNEYS.items()
    }
    return Code(journeys, {key: json_schema(model) for key, model in EVENTS.items()})


def other_code(where: str, seconds: float = SECONDS) -> Code:
    """What the code in a folder knows, or that of a git revision of the repository here.

    CliError: 2 if it is neither, 1 if it cannot say; nothing that is asked takes longer.
    """
    with _folder_of(where, seconds) as folder:
        return _code(_asked(folder, where, seconds))


@contextmanager
def _folder_of(where: str, seconds: float) -> Iterator[Path]:
    folder = Path(where)
    if folder.is_dir():
        if not (folder / PACKAGE).is_dir():
            raise CliError(f"--against {where}: that folder has no {PACKAGE}/", USAGE)
        yield folder.absolute()
        return
    with TemporaryDirectory(prefix="onboarding-") as made:
        _check_out(where, Path(made), seconds)
        yield Path(made)


def _check_out(revision: str, folder: Path, seconds: float) -> None:
    """The package of a revision, without touching the checkout."""
    git = shutil.which("git")
    if git is None:
        line = f"--against {revision}: no such folder, and no git to look for a revision"
        raise CliError(line, USAGE)
    say = partial(_said, seconds, git)
    try:
        top = say("rev-parse", "--show-toplevel").decode().strip()
        told = say("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
        commit = told.decode().strip()
        if not say("-C", top, "ls-tree", commit, PACKAGE):
            raise CliError(f"--against {revision}: that revision has no {PACKAGE}/", USAGE)
        packed = say("-C", top, "archive", "--format=zip", commit, PACKAGE)
    except subprocess.CalledProcessError:
        line = f"--against {revision}: neither a folder nor a revision here"
        raise CliError(f"{line}; `git log --oneline` shows revisions", USAGE) from None
    except subprocess.TimeoutExpired:
        raise CliError(f"--against {revision}: git took longer than {seconds:g} s", NO) from None
    with ZipFile(BytesIO(packed)) as archive:
        archive.extractall(folder)


def _said(seconds: float, *command: str) -> bytes:
    return subprocess.run(command, capture_output=True, timeout=seconds, check=True).stdout


def _asked(folder: Path, where: str, seconds: float) -> Any:
    command = [sys.executable, "-P", "-c", _PRINT, str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise CliError(f"{where}: it did not say within {seconds:g} s what it knows", NO) from None
    if done.returncode:
        raise CliError(f"{where}: its journeys cannot be read: {_last_line(done.stderr)}", NO)
    return json.loads(done.stdout)


def _code(told: Any) -> Code:
    return Code(
        {(name, version): tuple(Row(*row) for row in rows) for name, version, rows in told[0]},
        {(name, version): schema for name, version, schema in told[1]},
    )


def _last_line(raw: bytes) -> str:
    lines = raw.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


_PRINT = """\
import json, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
from contracts.events import EVENTS
from contracts.journey import JOURNEYS
from contracts.json_schemas import json_schema

journeys = [
    [name, version, [[step.name, step.hears, step.says] for step in journey.steps]]
    for (name, version), journey in JOURNEYS.items()
]
events = [[name, version, json_schema(model)] for (name, version), model in EVENTS.items()]
print(json.dumps([journeys, events]))
"""
