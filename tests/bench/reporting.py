"""A figure with its goal, and the report that all benches and the chaos of the cluster write."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

Figure = dict[str, Any]


def figure(
    name: str, value: float, unit: str, goal: float | None = None, at_most: bool = False
) -> Figure:
    """What was measured, and whether it meets its goal (None: there is none)."""
    met = None if goal is None else (value <= goal if at_most else value >= goal)
    return {"figure": name, "value": round(value, 2), "unit": unit, "goal": goal, "met": met}


def line_of(one: Figure) -> str:
    """A figure for people."""
    goal = "" if one["goal"] is None else f"  (goal {one['goal']:g}, met: {one['met']})"
    return f"{one['figure']:<58} {one['value']:>10.2f} {one['unit']}{goal}"


def write_report(figures: Sequence[Figure], file: Path, seed: int | None = None) -> Figure:
    """Returns what is said in it of the machine."""
    memory = round(psutil.virtual_memory().total / 1e9)
    machine = {"cores": psutil.cpu_count(), "memory_gb": memory}
    report = {
        "seed": seed,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine,
        "figures": list(figures),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(report, indent=2) + "\n")
    return machine


def report(figures: Sequence[Figure], file: Path) -> None:
    """Print the table, write the report."""
    print(*map(line_of, figures), sep="\n")
    machine = write_report(figures, file)
    print(f"{machine['cores']} cores, {machine['memory_gb']} GB; report: {file}")
