"""`onboarding env`: the running stack as environment variables, for other programs."""

import shlex
from pathlib import Path

from services.cli.errors import USAGE, CliError
from services.cli.options import DEFAULT_FOLDER
from services.cli.printing import write_line
from services.cli.running_stack import SERVERS, nothing_runs, read_run
from services.cli.stack_key import stack_key
from services.runtime.settings import PREFIX


def show_env(data: Path | None) -> None:
    """From run.json alone: what is exported already may be of a stack that is gone."""
    folder = data or DEFAULT_FOLDER
    run = read_run(folder)
    if run is None:
        raise CliError(nothing_runs(folder), USAGE)
    more = [name for name in ("gateway", "platform") if run.get(name)]
    for server in (*SERVERS, *more):
        write_line(f"export {PREFIX}{server.upper()}={shlex.quote(run[server])}")
    if run.get("gateway") and (key := stack_key(folder)):
        write_line(f"export {PREFIX}API_KEY={shlex.quote(key)}")
