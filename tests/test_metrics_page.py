"""docs/metrics.md is what the code says, and the names keep to the rules of Prometheus."""

import re
import subprocess
import sys

import pytest

from services.cli.metrics_table import FILE, all_metrics, page, series, table
from tests.sources import ROOT

METRICS = [one for _, one in all_metrics()]
IDS = {"saga_id", "partner_id", "correlation_id", "tenant_id", "tenant", "instance", "event_id"}


def test_the_page_is_what_the_code_says():
    text = (ROOT / FILE).read_text()
    assert page(text) == text
    assert len(METRICS) > 30


def test_a_page_that_differs_is_told(tmp_path):
    other = tmp_path / FILE
    other.parent.mkdir()
    other.write_text((ROOT / FILE).read_text().replace("onboarding_ready", "onboarding_gone"))
    command = [sys.executable, "-m", "services.cli.metrics_table"]
    env = {"PYTHONPATH": str(ROOT)}
    checked = [*command, "--check"]
    told = subprocess.run(
        checked, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60
    )
    assert (told.returncode, "make generate" in told.stderr) == (1, True)
    subprocess.run(command, cwd=tmp_path, env=env, check=True, timeout=60)
    assert other.read_text() == (ROOT / FILE).read_text()


@pytest.mark.parametrize("one", METRICS, ids=lambda one: one._name)
def test_a_metric_is_named_after_its_base_unit_and_says_what_it_is(one):
    (described,) = one.describe()
    assert re.fullmatch(r"onboarding_[a-z_]+", described.name)
    assert not re.search(r"_(ms|minutes|hours|millis|kb)\b", described.name)
    assert len(described.documentation) >= 20
    assert "|" not in described.documentation
    if described.type == "histogram":
        assert described.name.endswith(("_seconds", "_records"))


@pytest.mark.parametrize("one", METRICS, ids=lambda one: one._name)
def test_no_label_is_an_id(one):
    assert not IDS & set(one._labelnames)


def test_every_series_has_its_labels():
    known = series()
    assert known["onboarding_step_outcomes_total"] == {"service", "step", "outcome", "code"}
    assert known["onboarding_batch_seconds_bucket"] == {"service", "le"}
    assert known["onboarding_ready"] == {"service"}
    assert table().count("\n| `onboarding_") == len(METRICS)
