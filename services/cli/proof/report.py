"""What a proof leaves behind: figures as JSON, and a test for what was wrong."""

import json
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.cli.proof.workers import Proved

MOST_SECONDS = 600


def write_report(
    folder: Path, proved: Sequence[Proved], missing: Sequence[str], seconds: float
) -> Path:
    """`reports/prove.json` in the state folder."""
    body = {
        "seed": None,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "memory_gb": _memory_gb()},
        "figures": figures(proved, missing, seconds),
    }
    path = folder / "reports" / "prove.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(body, indent=2) + "\n")
    return path


def figures(
    proved: Sequence[Proved], missing: Sequence[str], seconds: float
) -> list[dict[str, Any]]:
    """Of all worlds together, then of each."""
    wrong = [one for one in proved if one.found.violation]
    cut_short = [one for one in proved if not one.found.complete and not one.found.violation]
    found = [one.found for one in proved]
    together = [
        _figure("violations", len(wrong), "worlds", 0),
        _figure("searches that were cut short", len(cut_short), "worlds", 0),
        _figure("cells of the table not met", len(missing), "cells", 0),
        _figure("states", sum(one.states for one in found), "states"),
        _figure("transitions", sum(one.transitions for one in found), "moves"),
        _figure("depth", max((one.depth for one in found), default=0), "moves"),
        _figure("time", round(seconds, 1), "s", MOST_SECONDS),
    ]
    return together + [figure for one in proved for figure in _of_world(one)]


def write_test(folder: Path, proved: Proved) -> Path:
    """A test that replays the violation: to be copied to tests/."""
    name = re.sub(r"\W+", "_", proved.run.name)
    path = folder / "reports" / f"test_found_in_{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(proved.test)
    return path


def _of_world(proved: Proved) -> list[dict[str, Any]]:
    found, name = proved.found, proved.run.name
    return [
        _figure(f"{name}: states", found.states, "states"),
        _figure(f"{name}: transitions", found.transitions, "moves"),
        _figure(f"{name}: depth", found.depth, "moves"),
        _figure(f"{name}: time", round(found.seconds, 1), "s"),
    ]


def _figure(name: str, value: float, unit: str, goal: float | None = None) -> dict[str, Any]:
    met = None if goal is None else value <= goal
    return {"figure": name, "value": value, "unit": unit, "goal": goal, "met": met}


def _memory_gb() -> int | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9)
    except (ValueError, OSError):
        return None
