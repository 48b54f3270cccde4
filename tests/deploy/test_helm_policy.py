"""Every pod of the chart keeps to the rules of helm_policy.py, and a chart that does not is found."""

import shutil

import pytest

from tests.deploy.helm_chart import CASES, CHART, render, rendered, values_of
from tests.deploy.helm_policy import (
    RULES,
    limited,
    no_secret_in_the_clear,
    nobody_special,
    probed,
    read_only,
    scaled_once,
    spread,
    without_links,
    without_powers,
    without_the_hosts,
    without_token,
)

# By rule a template, what stands there, and what would stand there in a chart that breaks it.
BROKEN = {
    limited: ("_pod.tpl", "resources: {{ .own.resources | toJson }}", "resources: {}"),
    probed: (
        "deployments.yaml",
        "httpGet: { path: /readyz, port: health }",
        "exec: { command: [x] }",
    ),
    nobody_special: ("_pod.tpl", "runAsUser: 10001", "runAsUser: 0"),
    read_only: ("_pod.tpl", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"),
    without_powers: ("_pod.tpl", "drop: [ALL]", "drop: [NET_RAW]"),
    without_the_hosts: ("_pod.tpl", "emptyDir: { sizeLimit: 64Mi }", "hostPath: { path: /tmp }"),
    without_links: ("_pod.tpl", "enableServiceLinks: false", "enableServiceLinks: true"),
    without_token: ("_pod.tpl", "automountServiceAccountToken: false", ""),
    scaled_once: (
        "deployments.yaml",
        '{{- if not (include "onboarding.scaled" $of) }}',
        "{{- if true }}",
    ),
    spread: ("disruption.yaml", "maxUnavailable: 1", "minAvailable: 1"),
    no_secret_in_the_clear: (
        "_env.tpl",
        "{ name: ONBOARDING_MONGO_FILE, value: /etc/onboarding/mongo-uri }",
        "{ name: ONBOARDING_MONGO, value: mongodb://user:password@mongo }",
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_pod_keeps_to_the_rule(rule, case):
    assert list(rule(rendered(case))) == []


def test_each_rule_has_a_chart_that_breaks_it():
    assert {*BROKEN} == {*RULES}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_chart_that_breaks_the_rule_is_found(rule, tmp_path):
    template, good, bad = BROKEN[rule]
    chart = tmp_path / "onboarding"
    shutil.copytree(CHART, chart)
    file = chart / "templates" / template
    text = file.read_text()
    assert good in text
    file.write_text(text.replace(good, bad))
    assert list(rule(render(values_of("scaled-values.yaml"), chart)))


def test_an_autoscaler_beside_keda_is_found():
    scaler = {
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "other"},
        "spec": {"scaleTargetRef": {"name": "onboarding-contract"}},
    }
    assert list(scaled_once([*rendered("scaled-values.yaml"), scaler])) == ["other: beside KEDA"]
    assert list(scaled_once([*rendered("minimal-values.yaml"), scaler])) == []
