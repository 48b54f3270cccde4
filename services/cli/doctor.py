"""`onboarding doctor`: everything that must be so, looked at one by one, with remedies."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from rich.console import RenderableType
from rich.text import Text

from services.cli.doctor_machine import (
    check_environment,
    check_faust,
    check_java,
    check_python,
    check_wheels,
)
from services.cli.doctor_servers import check_servers
from services.cli.errors import CliError
from services.cli.finding import Finding, State, fail, warn
from services.cli.options import Output
from services.cli.printing import answer, cell, empty_table
from services.cli.quiet import quiet
from services.cli.running_stack import DEFAULT_FOLDER, Found, find_stack

STYLES: dict[State, str] = {"ok": "green", "warn": "yellow", "fail": "bold red"}
MACHINE: tuple[Callable[[], Finding], ...] = (check_python, check_wheels, check_faust)


def examine(data: Path | None, output: Output) -> None:
    """Exit 0 also with warnings; CliError (1) if something fails."""
    quiet()
    findings = [check() for check in MACHINE]
    findings += [check_java(os.environ), check_environment(os.environ)]
    findings += _stack(data)
    answer([finding.row for finding in findings], output, _shown(findings))
    failed = [finding.what for finding in findings if finding.state == "fail"]
    if failed:
        raise CliError(f"not as it should be: {', '.join(failed)}")


def _stack(data: Path | None) -> list[Finding]:
    try:
        found: Found = find_stack(data, ())
    except CliError as error:
        return [fail("settings", str(error), "mend that setting")]
    if not {"kafka", "mongo"} <= found.settings.model_fields_set:
        where = f"none in {data or DEFAULT_FOLDER}"
        remedy = "onboarding up, or set ONBOARDING_KAFKA and ONBOARDING_MONGO"
        return [warn("running stack", where, remedy)]
    return asyncio.run(check_servers(found))


def _shown(findings: list[Finding]) -> RenderableType:
    table = empty_table("", "what", "found", "remedy")
    for one in findings:
        table.add_row(
            Text(one.state, style=STYLES[one.state]), one.what, cell(one.found), cell(one.remedy)
        )
    return table
