"""What the chart tells a process is what its settings take, and its secrets come as files."""

from importlib.util import find_spec
from math import ceil

import pytest

from contracts.journey import JOURNEYS
from services.runtime.kafka_access import client_options
from services.runtime.settings import Settings, load_settings, unknown_names
from tests.deploy.helm_chart import (
    CASES,
    environment,
    of_kind,
    pods,
    render,
    rendered,
    secret_files,
    values_of,
)

STEPS = {name for journey in JOURNEYS.values() for name in journey.step_names}
URI, KEY = "mongodb://db/?replicaSet=rs0", "of-the-test"
GIVEN = {
    "mongo-uri": URI,
    "hash-key": KEY,
    "kafka-password": "p",
    "outside-api-key": "key",
}
POLITE_SECONDS = 20  # what there must be beside a batch: the preStop, what is flushed and closed


@pytest.fixture
def settings_of(monkeypatch, tmp_path):
    """What a pod's process would read. Its files are those of a test, in a folder of their own."""

    def load(pod) -> Settings:
        monkeypatch.chdir(tmp_path)
        for name, value in environment(pod).items():
            if value.startswith("/etc/onboarding/"):
                file = tmp_path / value.rpartition("/")[2]
                file.write_text(GIVEN.get(file.name, "a certificate") + "\n")
                value = str(file)
            monkeypatch.setenv(name, value)
        return load_settings()

    return load


@pytest.mark.parametrize("case", CASES)
def test_every_step_of_the_journeys_has_a_deployment_and_nobody_else(case):
    assert {*of_kind(rendered(case), "Deployment")} == STEPS | {"saga-state", "gateway"}


@pytest.mark.parametrize("case", CASES)
def test_every_setting_is_a_known_one(case):
    for _, pod in pods(rendered(case)):
        assert unknown_names(environment(pod)) == []


@pytest.mark.parametrize("case", CASES)
def test_every_file_that_a_setting_names_is_mounted_and_each_is_read(case):
    for name, pod in pods(rendered(case)):
        told = {value for value in environment(pod).values() if value.startswith("/etc/")}
        if "mongo-ca.crt" in str(secret_files(pod)):  # the URI names it
            told.add("/etc/onboarding/mongo-ca.crt")
        assert {*secret_files(pod)} == told, name


@pytest.mark.parametrize("case", CASES)
def test_every_process_could_start_with_what_it_is_told(case, settings_of):
    for name, pod in pods(rendered(case)):
        settings = settings_of(pod)
        assert settings.mongo.get_secret_value() == URI
        assert settings.hash_key.get_secret_value() == KEY
        assert (settings.health_host, settings.health_port) != ("127.0.0.1", 0), name
        assert settings.partitions == values_of(case).get("topics", {}).get("partitions", 4)


@pytest.mark.parametrize("case", CASES)
def test_a_pod_has_longer_to_stop_than_a_batch_may_take(case, settings_of):
    for one in of_kind(rendered(case), "Deployment").values():
        pod = one["spec"]["template"]["spec"]
        deadline = ceil(settings_of(pod).batch_deadline_seconds)
        assert pod["terminationGracePeriodSeconds"] >= deadline + POLITE_SECONDS


@pytest.mark.parametrize("case", CASES)
def test_each_deployment_runs_a_module_that_is_there(case):
    for name, one in of_kind(rendered(case), "Deployment").items():
        (container,) = one["spec"]["template"]["spec"]["containers"]
        python, flag, module = container["command"]
        assert (python, flag) == ("python", "-m")
        assert find_spec(f"{module}.__main__"), name


def test_the_values_have_the_defaults_of_the_settings():
    of_kubernetes, own = render(values_of("minimal-values.yaml")), Settings()
    told = environment(dict(pods(of_kubernetes))["contract"])
    assert float(told["ONBOARDING_BATCH_DEADLINE_SECONDS"]) == own.batch_deadline_seconds
    for name in ("partitions", "replication", "retention_hours", "dead_letter_retention_hours"):
        assert int(told[f"ONBOARDING_{name.upper()}"]) == getattr(own, name), name
    assert told["ONBOARDING_KAFKA_SECURITY"] == own.kafka_security
    assert told["ONBOARDING_PREFIX"] == own.prefix


def test_a_step_is_told_of_its_outside_system_and_no_other_is(settings_of):
    found = dict(pods(rendered("strimzi-values.yaml")))
    for name, pod in found.items():
        files = {path.rpartition("/")[2] for path in secret_files(pod)}
        assert ("outside-api-key" in files) == (name == "documents")
        assert any(key.endswith("_URL") for key in environment(pod)) == (
            name in ("documents", "campaigns")
        )
    documents = settings_of(found["documents"])
    assert documents.url_of("documents") == "https://kyc.example.com/v1"
    assert documents.api_key_of("documents") == "key"
    assert documents.calls_max == 64
    assert documents.event_max_bytes == 1048576
    assert documents.registration_rules == {"denied_countries": ["KP"]}


def test_a_service_may_have_a_database_user_of_its_own():
    found = dict(pods(rendered("strimzi-values.yaml")))
    of = {name: secret_files(pod)["/etc/onboarding/mongo-uri"][0] for name, pod in found.items()}
    assert of.pop("documents") == "onboarding-documents-mongo"
    assert {*of.values()} == {"onboarding"}


def test_each_service_is_somebody_of_its_own_to_kafka(settings_of):
    for name, pod in pods(rendered("strimzi-values.yaml")):
        user = environment(pod)["ONBOARDING_KAFKA_USER"]
        assert user == f"onboarding-{name}"
        assert secret_files(pod)["/etc/onboarding/kafka-password"] == (user, "password")
        settings = settings_of(pod)
        assert settings.kafka_password is not None
        assert (settings.kafka_user, settings.kafka_password.get_secret_value()) == (user, "p")


def test_behind_an_ingress_the_gateway_believes_its_proxies_and_speaks_tls(settings_of):
    settings = settings_of(dict(pods(rendered("ingress-values.yaml")))["gateway"])
    assert settings.gateway_proxies == {"10.0.0.0/8", "fd00::/8"}
    assert settings.gateway_cert_file is not None
    assert (settings.gateway_host, settings.gateway_port) == ("0.0.0.0", 8080)


def test_brokers_in_the_clear_are_reached_as_the_client_takes_them(settings_of):
    settings = settings_of(dict(pods(rendered("minimal-values.yaml")))["contract"])
    assert client_options(settings)["bootstrap_servers"]
