"""Topics, rights and scaling in the chart are what the journeys and `onboarding topics` say."""

import json
import subprocess
import sys
from typing import Any

import pytest

from contracts.journey import JOURNEYS
from contracts.topics import group
from services.cli.chart_files import wanted
from services.runtime.hearing import topics_of
from services.runtime.settings import Settings
from services.runtime.topics import wanted_topics
from tests.deploy.helm_chart import CASES, of_kind, pods, rendered, secret_files, values_of
from tests.sources import ROOT

STEPS = {name for journey in JOURNEYS.values() for name in journey.step_names}
WITH_USERS = [case for case in CASES if values_of(case).get("strimzi", {}).get("users")]
SCALED = [case for case in CASES if values_of(case).get("scaling", {}).get("keda")]


def prefix_of(case: str) -> str:
    return values_of(case).get("prefix", "")


def printed_rights(prefix: str) -> set[tuple[str, str, str, str]]:
    """By user, operation, kind and name: what the command line prints."""
    command = "from services.cli.main import main; main()"
    asked = ["topics", "acls", "-o", "json", "--user-prefix", "onboarding-"]
    told = subprocess.run(
        [sys.executable, "-c", command, *asked],
        env={"ONBOARDING_PREFIX": prefix, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
        timeout=60,
    )
    return {
        (one["user"], one["operation"], one["kind"], name)
        for one in json.loads(told.stdout)
        for name in one["names"]
    }


def made_rights(case: str) -> set[tuple[str, str, str, str]]:
    return {
        (user["metadata"]["name"], operation, right["resource"]["type"], right["resource"]["name"])
        for user in of_kind(rendered(case), "KafkaUser").values()
        for right in user["spec"]["authorization"]["acls"]
        for operation in right["operations"]
    }


def test_the_files_of_the_chart_are_what_the_code_says():
    differing = [path.name for path, text in wanted(ROOT).items() if path.read_text() != text]
    assert differing == []


@pytest.mark.parametrize("case", WITH_USERS)
def test_users_have_the_rights_that_the_command_line_prints(case):
    made = made_rights(case)
    assert len(made) > 100
    assert made == printed_rights(prefix_of(case))


def test_a_user_is_known_by_a_password_or_by_a_certificate():
    assert len(WITH_USERS) >= 2
    secured = rendered("strimzi-values.yaml")
    kinds = {
        one["spec"]["authentication"]["type"] for one in of_kind(secured, "KafkaUser").values()
    }
    assert kinds == {"scram-sha-512"}
    known = of_kind(rendered("certificates-values.yaml"), "KafkaUser").values()
    assert {one["spec"]["authentication"]["type"] for one in known} == {"tls"}
    assert {one["metadata"]["namespace"] for one in known} == {"kafka"}


@pytest.mark.parametrize("case", WITH_USERS)
def test_every_service_has_the_user_whose_secret_it_reads(case):
    users = {one["metadata"]["name"] for one in of_kind(rendered(case), "KafkaUser").values()}
    for name, pod in pods(rendered(case)):
        asked = {secret for path, (secret, _) in secret_files(pod).items() if "kafka-" in path}
        assert asked - {"main-cluster-ca-cert"} <= users, name
    assert users == {f"onboarding-{name}" for name in (*STEPS, "saga-state", "gateway", "operator")}


@pytest.mark.parametrize("case", ["strimzi-values.yaml", "certificates-values.yaml"])
def test_topics_are_those_that_the_command_line_would_make(case):
    topics = values_of(case)["topics"]
    settings = Settings(prefix=prefix_of(case), partitions=topics.get("partitions", 4))
    made = {}
    for one in of_kind(rendered(case), "KafkaTopic").values():
        spec = one["spec"]
        made[spec["topicName"]] = (spec["partitions"], spec["replicas"], spec["config"])
        assert one["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert made == {
        one.name: (one.partitions, one.replication, one.config) for one in wanted_topics(settings)
    }


def test_the_job_makes_topics_as_the_operator_before_anything_else():
    pod = dict(pods(rendered("job-values.yaml")))["topics"]
    (job,) = of_kind(rendered("job-values.yaml"), "Job").values()
    (container,) = pod["containers"]
    assert container["command"] == ["onboarding", "topics", "create"]
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert [case for case in CASES if of_kind(rendered(case), "Job")] == ["job-values.yaml"]


def test_what_is_made_for_the_job_goes_with_it_as_no_uninstall_takes_hooks_away():
    policies = {
        one["kind"]: one["metadata"]["annotations"]["helm.sh/hook-delete-policy"]
        for one in rendered("job-values.yaml")
        if "helm.sh/hook" in one["metadata"].get("annotations", {})
    }
    gone = "before-hook-creation,hook-succeeded"
    assert policies == {"Job": gone, "NetworkPolicy": gone}


@pytest.mark.parametrize("case", SCALED)
def test_every_service_with_a_group_is_scaled_by_its_lag_and_no_further_than_partitions(case):
    partitions = values_of(case).get("topics", {}).get("partitions", 4)
    scaled = of_kind(rendered(case), "ScaledObject")
    assert {*scaled} == STEPS | {"saga-state"}
    for name, one in scaled.items():
        spec, told = one["spec"], one["spec"]["triggers"][0]["metadata"]
        assert spec["maxReplicaCount"] == partitions
        assert spec["minReplicaCount"] >= 1
        assert told["consumerGroup"] == group(name, prefix_of(case))
        assert told["topic"].split(",") == heard_by(name)


def heard_by(name: str) -> list[str]:
    if name in STEPS:
        return topics_of(name)
    return [one.name for one in wanted_topics(Settings())]


def test_keda_asks_kafka_as_the_service_itself():
    authentications = of_kind(rendered("scaled-values.yaml"), "TriggerAuthentication")
    for name, one in authentications.items():
        spec: dict[str, Any] = one["spec"]
        (user,) = spec["env"]
        assert (user["name"], user["containerName"]) == ("ONBOARDING_KAFKA_USER", name)
        (password,) = spec["secretTargetRef"]
        assert (password["name"], password["key"]) == (f"onboarding-{name}", "password")
    known = of_kind(rendered("certificates-values.yaml"), "TriggerAuthentication")
    asked = {one["parameter"] for one in known["contract"]["spec"]["secretTargetRef"]}
    assert asked == {"ca", "cert", "key"}
