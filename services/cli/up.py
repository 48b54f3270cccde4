"""`onboarding up`: everything on this machine, until it is told to stop."""

from rich.console import Console

from deploy.local.folder import StateFolder
from deploy.local.stack import running
from services.cli.errors import FAIL_STOP, CliError
from services.cli.happenings import Happenings
from services.cli.local_stack import Plan, options_of, preparation
from services.cli.printing import console
from services.cli.quiet import quiet
from services.cli.running_stack import read_run
from services.cli.start_up_table import start_up_table
from services.cli.until_stopped import run_until_stopped


def up(plan: Plan) -> None:
    """Returns when it was told to stop, and has. CliError: 2, or 70 if the broker died."""
    quiet()
    out = console()

    def stopping() -> None:
        out.print("stopping ...")

    run_until_stopped(_up(plan, out), stopping)
    out.print("stopped")


async def _up(plan: Plan, out: Console) -> None:
    out.print(f"starting in {plan.folder} ...")
    async with running(options_of(plan), preparation(plan), Happenings(out)) as stack:
        run = read_run(StateFolder(plan.folder).root)
        if run is None:
            raise CliError(f"{plan.folder}/run.json went away: was it deleted?", FAIL_STOP)
        out.print(start_up_table(run, plan.broker, plan.folder))
        await stack.supervisor.wait()
