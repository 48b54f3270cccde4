"""The alerts: promtool plays each, firing and silent; each says what to do, in the runbook."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.monitoring.alert_cases import CASES
from tests.monitoring.alert_rules import FILE, alerts, annotations, rules, unknown_in
from tests.monitoring.alert_series import Case, Series
from tests.sources import ROOT

RUNBOOK = (ROOT / "docs/runbook.md").read_text()
ALERTS = alerts()
SILENT = [(case, known) for case in CASES for known in case.silent]


def played(promtool: str, case: Case, known: Series, expected: list[Any], folder: Path) -> str:
    """What promtool says of the rules with these series; empty if it is as expected."""
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": text} for name, text in known.items()],
        "alert_rule_test": [
            {"eval_time": case.at, "alertname": case.alert, "exp_alerts": expected}
        ],
    }
    file = folder / "test.yaml"
    file.write_text(json.dumps({"rule_files": [str(FILE)], "tests": [test]}))
    told = subprocess.run(
        [promtool, "test", "rules", str(file)], capture_output=True, text=True, timeout=60
    )
    return "" if told.returncode == 0 else told.stdout + told.stderr


@pytest.mark.promtool
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.alert)
def test_an_alert_fires_and_says_of_whom(promtool, case, tmp_path):
    rule = ALERTS[case.alert]
    labels = {**rule["labels"], **case.labels}
    told = {"exp_labels": labels, "exp_annotations": annotations(rule, labels)}
    assert played(promtool, case, case.fires, [told], tmp_path) == ""


@pytest.mark.promtool
@pytest.mark.parametrize(
    ("case", "known"), SILENT, ids=[f"{case.alert}-{n}" for n, (case, _) in enumerate(SILENT)]
)
def test_an_alert_is_silent_where_nothing_is_wrong(promtool, case, known, tmp_path):
    assert played(promtool, case, known, [], tmp_path) == ""


@pytest.mark.promtool
def test_a_wrong_expectation_is_told(promtool, tmp_path):
    assert "FAILED" in played(promtool, CASES[0], CASES[0].fires, [], tmp_path)


@pytest.mark.promtool
def test_the_rules_are_rules(promtool):
    told = subprocess.run(
        [promtool, "check", "rules", str(FILE)], capture_output=True, text=True, timeout=60
    )
    assert told.returncode == 0, told.stdout + told.stderr


def test_every_alert_is_played_firing_and_silent():
    assert {case.alert for case in CASES} == set(ALERTS)
    assert {case.alert for case, _ in SILENT} == set(ALERTS)


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_waits_a_while_has_a_severity_and_links_to_a_section_of_the_runbook(name):
    rule = ALERTS[name]
    assert re.fullmatch(r"\d+[mh]", rule["for"])
    assert rule["labels"]["severity"] in ("warning", "critical")
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    assert page == "docs/runbook.md"
    section = RUNBOOK.partition(f'<a id="{anchor}"></a>')[2].partition("<a id=")[0]
    for part in ("**Means**", "**Look**", "**Do**"):
        assert part in section, f"the runbook has no {part} of {anchor}"


def test_rules_ask_for_metrics_that_exist_by_labels_that_they_have():
    assert [wrong for rule in rules() for wrong in unknown_in(rule["expr"])] == []


@pytest.mark.parametrize("query", ["onboarding_gone_total", 'onboarding_ready{gone="x"}'])
def test_a_query_for_what_does_not_exist_is_found(query):
    assert unknown_in(query)
