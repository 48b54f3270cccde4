"""`python -m tests.chaos.cluster`: a run of the cluster, its table and its report."""

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench.reporting import write_report
from tests.chaos.cluster.plan import lanes_of
from tests.chaos.cluster.report import figures_of, print_table
from tests.chaos.cluster.run import Wanted, run

REPORT = Path(".onboarding/reports/chaos.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the arguments say: 0 if all goals are met, else 1, and the folder is kept."""
    asked = _parser().parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="onboarding-chaos-", dir=asked.folder)).absolute()
    wanted = Wanted(asked.sagas, asked.seed, asked.rate, asked.workers, lanes_of(asked.faults),
                    folder, asked.control)  # fmt: skip
    print(f"SEED={asked.seed}, data and logs in {folder}", flush=True)
    told = asyncio.run(run(wanted))
    figures = figures_of(told)
    print_table(figures, told)
    write_report(figures, asked.report, asked.seed)
    if all(one["met"] is not False for one in figures):
        shutil.rmtree(folder, ignore_errors=True)
        return 0
    print(f"goals are missed: data and logs are kept in {folder}")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.cluster", description=__doc__)
    parser.add_argument("--sagas", type=int, default=600)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--rate", type=float, default=4, help="starts a second")
    parser.add_argument("--workers", type=int, default=2, help="of each service")
    parser.add_argument("--faults", default="all", help="all, none, or names with commas")
    parser.add_argument("--control", action="store_true", help="the platform ignores its keys")
    parser.add_argument("--folder", type=Path, help="where the folder of data is made")
    parser.add_argument("--report", type=Path, default=REPORT)
    return parser


if __name__ == "__main__":
    sys.exit(main())
