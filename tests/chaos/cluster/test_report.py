"""The report of a run: what must be none has that as its goal, and what was done to it is counted."""

import json
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.bench.reporting import write_report
from tests.chaos.cluster.checker import FAULTS, Verdict
from tests.chaos.cluster.following import Following
from tests.chaos.cluster.report import figures_of
from tests.chaos.cluster.run import Told


def told_of(*faults: str, at_rest: bool = True, silence: float = 0.0) -> Told:
    verdict = Verdict(Counter({"ended COMPLETED": 3}))
    for kind in faults:
        verdict.add(kind, "words")
    proxies = {name: SimpleNamespace(counted=Counter(resets=2)) for name in ("one", "other")}
    cluster = SimpleNamespace(
        struck=Counter({"reset": 4}), servers=SimpleNamespace(proxies=proxies)
    )
    sender = SimpleNamespace(counted=Counter({"accepted": 3, "sent twice": 1}))
    here = SimpleNamespace(
        verdict=verdict, following=Following("", cast(Any, None)), cluster=cluster, sender=sender,
        seconds=1.0, at_rest=at_rest, silence=silence,
    )  # fmt: skip
    return cast(Told, here)


def missed(told: Told) -> list[str]:
    return [one["figure"] for one in figures_of(told) if one["met"] is False]


def test_of_a_run_without_a_fault_all_goals_are_met():
    assert missed(told_of()) == []


@pytest.mark.parametrize("kind", FAULTS)
def test_one_of_a_kind_that_must_not_be_misses_its_goal(kind: str):
    assert missed(told_of(kind)) == [f"cluster: {kind}"]


def test_no_rest_and_no_progress_in_a_minute_miss_theirs():
    assert missed(told_of(at_rest=False)) == ["cluster: not at rest at the end"]
    assert missed(told_of(silence=61)) == ["cluster: slowest recovery"]


def test_the_report_has_all_figures_and_what_repeats_the_run(tmp_path: Path):
    figures = figures_of(told_of())
    write_report(figures, tmp_path / "reports" / "chaos.json", 7)
    report = json.loads((tmp_path / "reports" / "chaos.json").read_text())
    assert (report["seed"], report["figures"]) == (7, figures)
    values = {one["figure"]: one["value"] for one in report["figures"]}
    assert values["fault: reset"] == 4
    assert values["between: resets"] == 4
    assert values["between: sent twice"] == 1
    assert "between: accepted" not in values
