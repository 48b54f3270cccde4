"""`onboarding env`: the running stack as environment variables, for other programs."""

import shlex
from pathlib import Path

from deploy.local.folder import StateFolder
from services.cli.errors import USAGE, CliError
from services.cli.printing import write_line
from services.cli.running_stack import DEFAULT_FOLDER, nothing_runs, read_run

API_KEY_FILE = "api-key"


def show_env(data: Path | None) -> None:
    """From run.json alone: what is exported already may be of a stack that is gone.

    What is not there (a gateway, its key) has no line.
    """
    folder = data or DEFAULT_FOLDER
    run = read_run(folder)
    if run is None:
        raise CliError(nothing_runs(folder), USAGE)
    values = {
        "ONBOARDING_KAFKA": run["kafka"],
        "ONBOARDING_MONGO": run["mongo"],
        "ONBOARDING_GATEWAY": run.get("gateway"),
        "ONBOARDING_API_KEY": _api_key(folder),
    }
    for name, value in values.items():
        if value:
            write_line(f"export {name}={shlex.quote(value)}")


def _api_key(folder: Path) -> str | None:
    try:
        return (StateFolder(folder).root / API_KEY_FILE).read_text().strip()
    except OSError:
        return None
