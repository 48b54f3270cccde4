"""`up`, `demo`, `env`, `broker install`: running it on this machine."""

from typing import Annotated

import typer

from services.cli.errors import USAGE, CliError
from services.cli.options import DEFAULT_FOLDER, Broker, Data, DryRun

BrokerOption = Annotated[
    Broker,
    typer.Option(help="embedded: starts empty; apache: kept, needs Java 17; external: yours."),
]
Workers = Annotated[
    list[str] | None,
    typer.Option(metavar="SERVICE=N", help="How many processes of a service; may be repeated."),
]
WithPlatform = Annotated[
    bool,
    typer.Option("--with-platform", help="Run the sandbox of the outside systems too."),
]
Monitoring = Annotated[
    bool,
    typer.Option("--monitoring", help="Run Prometheus too, if it is installed, with the alerts."),
]
Exit = Annotated[bool, typer.Option("--exit", help="Stop after the last onboarding.")]


def up(
    data: Data = None,
    broker: BrokerOption = Broker.EMBEDDED,
    workers: Workers = None,
    with_platform: WithPlatform = False,
    monitoring: Monitoring = False,
) -> None:
    """Run everything on this machine until Ctrl-C."""
    from services.cli.local_stack import Plan
    from services.cli.up import up as run

    folder, counts = data or DEFAULT_FOLDER, _counts(workers or [])
    run(Plan(folder, broker, counts, with_platform, monitoring=monitoring))


def demo(exit_: Exit = False, broker: BrokerOption = Broker.EMBEDDED) -> None:
    """Run everything and play four onboardings."""
    from services.cli.demo import demo as run

    if broker is Broker.EXTERNAL:
        raise CliError("demo runs on a broker of its own: --broker embedded or apache", USAGE)
    run(broker, stays=not exit_)


def env(data: Data = None) -> None:
    """Print export lines of the running stack.

    eval "$(onboarding env)" sets them in a shell.
    """
    from services.cli.env import show_env

    show_env(data)


def broker_install(dry_run: DryRun = False) -> None:
    """Fetch the jars of Apache Kafka, for `up --broker apache`."""
    from services.cli.broker_install import install_broker

    install_broker(dry_run)


def _counts(workers: list[str]) -> dict[str, int]:
    counts = {}
    for text in workers:
        name, _, count = text.partition("=")
        if not count.isdecimal() or not 1 <= int(count) <= 64:
            raise CliError(f"--workers {text}: write SERVICE=N, N from 1 to 64", USAGE)
        counts[name.replace("-", "_")] = int(count)
    return counts
