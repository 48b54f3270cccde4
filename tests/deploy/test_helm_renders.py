"""The chart renders for every file of ci/, and what comes of it is what Kubernetes takes."""

import json

import jsonschema_rs
import kubernetes_validate
import pytest
import yaml
from helm_python.chart import lint, package

from tests.deploy.helm_chart import (
    CASES,
    CHART,
    NOTES,
    PREFIX,
    of_kind,
    pods,
    render,
    rendered,
    texts,
    values_of,
)
from tests.deploy.helm_custom_resources import SPECS

KUBERNETES = ("1.30", "1.37")  # the oldest that Chart.yaml takes, the newest whose schemas we have


def test_the_matrix_has_what_it_should():
    assert len(CASES) >= 6
    made = {one["kind"] for case in CASES for one in rendered(case)}
    assert made >= {kind for _, kind in SPECS} | {"Deployment", "Job", "Ingress", "ConfigMap"}


@pytest.mark.parametrize("case", CASES)
def test_helm_has_nothing_to_say_against_it(case):
    told = lint(CHART, values_of(case), strict=True)
    assert [one["error"] for one in told["messages"] if one["severity"] >= 2] == []
    assert told["errors"] == []


@pytest.mark.slow
@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("case", CASES)
def test_it_is_what_kubernetes_takes(case, version):
    ours = [one for one in rendered(case) if (one["apiVersion"], one["kind"]) not in SPECS]
    assert len(ours) >= 15
    for one in ours:
        kubernetes_validate.validate(one, version, strict=True)


def test_a_field_that_kubernetes_does_not_know_is_found():
    deployment = json.loads(json.dumps(of_kind(rendered(CASES[0]), "Deployment")["contract"]))
    deployment["spec"]["template"]["spec"]["enableServiceLink"] = False
    with pytest.raises(kubernetes_validate.ValidationError, match="enableServiceLink"):
        kubernetes_validate.validate(deployment, KUBERNETES[1], strict=True)


@pytest.mark.parametrize("case", CASES)
def test_what_it_makes_for_operators_is_what_they_take(case):
    for one in rendered(case):
        schema = SPECS.get((one["apiVersion"], one["kind"]))
        if schema is not None:
            jsonschema_rs.validate(schema, one["spec"])


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_made_twice(case):
    found = [(one["kind"], one["metadata"]["name"]) for one in rendered(case)]
    assert len(found) == len({*found})


@pytest.mark.parametrize("case", CASES)
def test_a_selector_finds_the_pods_of_its_own_service_alone(case):
    deployments = of_kind(rendered(case), "Deployment")
    for name, one in deployments.items():
        wanted = one["spec"]["selector"]["matchLabels"].items()
        labels = {
            other: deployment["spec"]["template"]["metadata"]["labels"].items()
            for other, deployment in deployments.items()
        }
        assert [other for other, given in labels.items() if wanted <= given] == [name]
        budget = of_kind(rendered(case), "PodDisruptionBudget")[name]
        assert budget["spec"]["selector"]["matchLabels"].items() == wanted


def test_one_entry_more_in_the_values_is_one_service_more():
    before = render(values_of("minimal-values.yaml"))
    after = render({**values_of("minimal-values.yaml"), "services": {"payout": {}}})
    new = {(one["kind"], one["metadata"]["name"]) for one in after}
    new -= {(one["kind"], one["metadata"]["name"]) for one in before}
    assert new == {
        (kind, f"{PREFIX}payout") for kind in ("Deployment", "PodDisruptionBudget", "NetworkPolicy")
    }
    (container,) = dict(pods(after))["payout"]["containers"]
    assert container["command"] == ["python", "-m", "services.payout"]


def test_the_notes_name_the_commands_that_come_next():
    notes = texts(values_of("minimal-values.yaml"))[NOTES]
    assert "onboarding keys create" in notes
    assert "port-forward svc/onboarding-gateway 8080" in notes
    assert "wait kafkatopic" not in notes
    assert "wait kafkatopic" in texts(values_of("strimzi-values.yaml"))[NOTES]
    assert (
        "https://onboarding.example.com/dashboard" in texts(values_of("ingress-values.yaml"))[NOTES]
    )


def test_a_packed_chart_is_whole(tmp_path):
    package(CHART, destination=tmp_path)
    (packed,) = tmp_path.glob("*.tgz")
    values = values_of("scaled-values.yaml")
    assert render(values, packed) == rendered("scaled-values.yaml")


def test_prometheus_is_given_the_rules_that_are_tried():
    (rules,) = of_kind(rendered("scaled-values.yaml"), "PrometheusRule").values()
    ours = yaml.safe_load((CHART.parents[1] / "monitoring/alerts.yaml").read_text())
    given = json.dumps(rules["spec"])
    based = given.replace("https://git.example.com/onboarding/docs/", "docs/")
    assert json.loads(based) == ours
    assert based != given


def test_grafana_is_given_the_dashboard_as_it_is():
    (found,) = of_kind(rendered("scaled-values.yaml"), "ConfigMap").values()
    ours = (CHART.parents[1] / "monitoring/dashboard.json").read_text()
    assert found["data"] == {"onboarding.json": ours}
    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
