"""`onboarding up`: everything on this machine, until it is told to stop."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table

from deploy.local.folder import StateFolder
from deploy.local.stack import Options, running
from services.cli.errors import FAIL_STOP, CliError
from services.cli.local_stack import Happenings, Plan, options_of, preparation
from services.cli.options import DEFAULT_FOLDER, Broker
from services.cli.printing import cell, console, empty_table, masked, quiet
from services.cli.running_stack import read_run
from services.cli.until_stopped import run_until_stopped

KINDS = {
    Broker.EMBEDDED: "embedded broker: topics in memory, starts empty each time",
    Broker.APACHE: "Apache Kafka: topics are kept in the state folder",
    Broker.EXTERNAL: "yours, as ONBOARDING_KAFKA says",
}
DATABASES = {
    Broker.EMBEDDED: "started here, empty each time like the topics",
    Broker.APACHE: "started here, kept in the state folder",
    Broker.EXTERNAL: "yours, as ONBOARDING_MONGO says",
}
PLATFORM = "sandbox of documents, campaigns and recruitment; faults: POST /faults"
PROMETHEUS = "metrics and alerts: /alerts, /graph"
GATEWAY_HINT = "REST (/docs), /dashboard; `onboarding env` exports it and a key"
EXAMPLE = "--nombre 'My Company' --email me@mine.com --telefono +1234567890 --tipo EMPRESA"


def up(plan: Plan) -> None:
    """Returns when it was told to stop, and has. CliError: 2, or 70 if the broker died."""
    quiet()
    out = console()
    options = options_of(plan)

    def stopping() -> None:
        out.print("stopping ...")

    run_until_stopped(_up(plan, options, out), stopping)
    out.print("stopped")


async def _up(plan: Plan, options: Options, out: Console) -> None:
    out.print(f"starting in {plan.folder} ...")
    async with running(options, preparation(plan), Happenings(out)) as stack:
        run = read_run(StateFolder(plan.folder).root)
        if run is None:
            raise CliError(f"{plan.folder}/run.json went away: was it deleted?", FAIL_STOP)
        out.print(start_up_table(run, plan.broker, plan.folder))
        await stack.supervisor.wait()


def start_up_table(run: Mapping[str, Any], broker: Broker, folder: Path) -> RenderableType:
    """`run` is the content of run.json; `folder` the state folder as the person named it."""
    return Group(
        _servers(run, broker),
        _processes(run),
        _hints(folder, os.getpid()),
    )


def data_option(folder: Path) -> str:
    """What other commands need to find this stack; nothing for the default folder."""
    return "" if folder == DEFAULT_FOLDER else f" --data {folder}"


def _servers(run: Mapping[str, Any], broker: Broker) -> RenderableType:
    table = Table(box=box.SIMPLE, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(no_wrap=True)
    table.add_column(style="dim", overflow="fold")
    table.add_row("Kafka", cell(run["kafka"]), KINDS[broker])
    table.add_row("MongoDB", cell(masked(run["mongo"])), DATABASES[broker])
    if run.get("gateway"):
        table.add_row("Gateway", cell(run["gateway"]), GATEWAY_HINT)
    if run.get("platform"):
        table.add_row("Platform", cell(run["platform"]), PLATFORM)
    if run.get("prometheus"):
        table.add_row("Prometheus", cell(run["prometheus"]), PROMETHEUS)
    return table


def _processes(run: Mapping[str, Any]) -> RenderableType:
    table = empty_table("process", "pid", "health")
    for process in run["processes"]:
        health = process["health_url"]
        table.add_row(process["name"], str(process["pid"]), f"{health}/readyz" if health else "-")
    return table


def _hints(folder: Path, pid: int) -> RenderableType:
    data = data_option(folder)
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    table.add_row("logs", f"{folder}/logs/<process>.log")
    table.add_row("try", f"onboarding start{data} --wait {EXAMPLE}")
    table.add_row("", f"onboarding list{data}   onboarding watch{data}   onboarding doctor{data}")
    table.add_row("", f'eval "$(onboarding env{data})"   for programs of yours')
    table.add_row("stop", f"Ctrl-C, or kill {pid}")
    return table
