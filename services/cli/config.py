"""`onboarding config`: every setting, its value and where that comes from."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import SecretStr

from deploy.local.apache_install import CACHE, cache_folder
from services.cli.options import DEFAULT_FOLDER, Output
from services.cli.printing import answer, masked, note
from services.cli.running_stack import SERVERS, read_run
from services.cli.step_rules import checked_settings
from services.runtime.setting_files import FILE, STANDARD
from services.runtime.settings import PREFIX, Settings, unknown_names

DOTENV = Path(".env")


def show_config(data: Path | None, output: Output) -> None:
    """CliError (2) names a wrong one. A running stack's addresses are told beside them."""
    dotenv = dotenv_values(DOTENV) if DOTENV.is_file() else {}
    rows = rows_of(checked_settings(), os.environ, dotenv)
    answer([*rows, cache_row(os.environ)], output)
    for name in unknown_names([*os.environ, *dotenv]):
        note(f"{name} is no setting: misspelt?")
    if dotenv.get(CACHE):
        note(f"{CACHE} counts in the environment only, not in .env")
    run = read_run(data or DEFAULT_FOLDER)
    for server in SERVERS if run else ():
        if not _is_set(server, os.environ):
            name = f"{PREFIX}{server.upper()}"
            note(f"commands take {name} from run.json: {masked(str((run or {})[server]))}")


def rows_of(
    found: Settings, environ: Mapping[str, str], dotenv: Mapping[str, str | None]
) -> list[dict[str, Any]]:
    """{setting, value, source, about} for each, in the order of settings.py."""
    return [
        {
            "setting": f"{PREFIX}{name.upper()}",
            "value": shown(getattr(found, name)),
            "source": _source(name, environ, dotenv),
            "about": field.description or "",
        }
        for name, field in type(found).model_fields.items()
    ]


def cache_row(environ: Mapping[str, str]) -> dict[str, Any]:
    """The one name that no service reads, only what runs Apache Kafka here."""
    return {
        "setting": CACHE,
        "value": str(cache_folder(environ)),
        "source": "environment" if environ.get(CACHE) else "default",
        "about": "Folder for the jars of Apache Kafka, in the environment only",
    }


def shown(value: Any) -> str:
    """A value as a person would write it; a secret masked, of an address only its password."""
    if isinstance(value, SecretStr):
        text = value.get_secret_value()
        return masked(text) if "://" in text else "********" if text else ""
    if isinstance(value, frozenset):
        return ",".join(sorted(value))
    return "" if value is None else str(value)


def _source(name: str, environ: Mapping[str, str], dotenv: Mapping[str, str | None]) -> str:
    if _is_set(name, environ):
        return "environment"
    return ".env" if _is_set(name, dotenv) else "default"


def _is_set(name: str, names: Mapping[str, str | None]) -> bool:
    """Names count in any case, an empty value as none: so pydantic-settings reads them. What
    stands in a file is set where that file is named."""
    own = f"{PREFIX}{name}".upper()
    wanted = {own, f"{own}{FILE}", STANDARD.get(name, own)}
    return any(key.upper() in wanted and value for key, value in names.items())
