"""Finds the stack that a command is about: the environment, or run.json of what runs here."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.folder import StateFolder
from services.cli.errors import USAGE, CliError
from services.cli.options import DEFAULT_FOLDER
from services.cli.printing import note
from services.runtime.setting_files import FILE
from services.runtime.settings import PREFIX, Settings, SettingsError, load_settings

SERVERS = ("kafka", "mongo")


@dataclass(frozen=True, slots=True)
class Found:
    """Where the servers are (in `settings`), and run.json if a stack runs on this machine."""

    settings: Settings
    run: Mapping[str, Any] | None

    @property
    def mongo(self) -> str:
        return self.settings.mongo.get_secret_value()


def find_stack(data: Path | None, needs: Sequence[str] = SERVERS) -> Found:
    """The environment wins over run.json, run.json over `.env`. CliError (2) if nothing is found.

    `needs` are the servers that the command talks to.
    """
    folder = data or DEFAULT_FOLDER
    run = read_run(folder)
    found = Found(_settings(run), run)
    missing = [name for name in needs if name not in found.settings.model_fields_set]
    if missing:
        names = " and ".join(f"{PREFIX}{name.upper()}" for name in missing)
        raise CliError(f"{nothing_runs(folder)}, or set {names}", USAGE)
    _warn_of_environment(data, run, needs)
    return found


def read_run(folder: Path) -> dict[str, Any] | None:
    """run.json of the stack that runs there; None without one, or when its `up` is gone."""
    state = StateFolder(folder.absolute())
    try:
        run: dict[str, Any] = json.loads(state.run_file.read_text())
    except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError):
        return None
    return run if _is_held(state) else None


def nothing_runs(folder: Path) -> str:
    """What is the matter, and what to do about it."""
    return f"no stack runs in {folder}: start one with `onboarding up`, or name it with --data DIR"


def other_stack(server: str) -> str:
    """What to add where `kafka` or `mongo` does not answer: that the environment may still name a
    stack that has ended. Empty unless one runs here at another address."""
    variable = f"{PREFIX}{server.upper()}"
    run, told = read_run(DEFAULT_FOLDER), os.environ.get(variable)
    if run is None or not told or told == run.get(server):
        return ""
    mend = f'`eval "$(onboarding env)"` again, or `unset {variable}`'
    return f"; the stack in {DEFAULT_FOLDER} is at another address: {mend}"


def settings(**overrides: Any) -> Settings:
    """The settings of this command; CliError (2) names the wrong one."""
    try:
        return load_settings(**overrides)
    except SettingsError as error:
        raise CliError(str(error), USAGE) from None


def _settings(run: Mapping[str, Any] | None) -> Settings:
    if run is None:
        return settings()
    known = {name: run[name] for name in SERVERS if run.get(name) and not _in_environment(name)}
    return settings(**known, **_one_broker(run))


def _one_broker(run: Mapping[str, Any]) -> dict[str, int]:
    """A broker that `up` started is alone: one copy of each topic, as `up` made them."""
    kafka = os.environ.get(f"{PREFIX}KAFKA") or run.get("kafka")
    ours = any(process["name"] == "kafka" for process in run.get("processes", ()))
    is_it = ours and kafka == run.get("kafka") and not _in_environment("replication")
    return {"replication": 1} if is_it else {}


def _in_environment(name: str) -> bool:
    """As itself, or as the name of a file that holds it."""
    variable = f"{PREFIX}{name.upper()}"
    return bool(os.environ.get(variable) or os.environ.get(f"{variable}{FILE}"))


def _is_held(state: StateFolder) -> bool:
    """Whether the process that wrote its number into the lock still lives."""
    try:
        os.kill(int((state.root / "lock").read_text()), 0)
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True


def _warn_of_environment(
    data: Path | None, run: Mapping[str, Any] | None, needs: Sequence[str]
) -> None:
    """A folder was named, but the environment says otherwise: better said than wondered at."""
    if data is None:
        return
    if run is None and needs:
        note(f"no stack runs in {data}; the addresses are those of the environment or .env")
    for name in needs if run else ():
        told = os.environ.get(f"{PREFIX}{name.upper()}")
        if told and told != (run or {}).get(name):
            note(f"{PREFIX}{name.upper()} of the environment is used, not the stack in {data}")
