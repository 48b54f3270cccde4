"""The Grafana dashboard: every query asks for metrics that exist, every metric is shown somewhere."""

import json
import re

import pytest

from services.cli.metrics_table import series
from tests.monitoring.alert_rules import rules, unknown_in
from tests.sources import ROOT

DASHBOARD = json.loads((ROOT / "deploy/monitoring/dashboard.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = [target["expr"] for panel in PANELS for target in panel["targets"]]


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_asks_for_what_exists_and_names_its_series(panel):
    assert [wrong for target in panel["targets"] for wrong in unknown_in(target["expr"])] == []
    for target in panel["targets"]:
        named = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
        by = re.search(r"by \(([^)]*)\)", target["expr"])
        kept = set(re.findall(r"\w+", by[1] if by else "")) - {"le"}
        assert named <= kept
        if panel["type"] != "stat":
            assert named == kept, "two series would have one name"


def test_what_is_shown_or_alerted_on_is_all_there_is():
    asked = " ".join([*QUERIES, *(rule["expr"] for rule in rules())])
    names = {re.sub(r"_(?:bucket|count|sum)$", "", name) for name in series()}
    told = {
        re.sub(r"_(?:bucket|count|sum)$", "", name) for name in re.findall(r"onboarding_\w+", asked)
    }
    assert names - told == set()


def test_panels_do_not_cover_each_other_and_have_ids_of_their_own():
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken
        taken |= cells


def test_whoever_imports_it_chooses_the_data_source():
    assert {panel["datasource"]["uid"] for panel in PANELS} == {"${datasource}"}
    (variable,) = DASHBOARD["templating"]["list"]
    assert (variable["name"], variable["type"]) == ("datasource", "datasource")
