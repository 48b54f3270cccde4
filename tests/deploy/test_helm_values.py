"""Wrong values are refused, with a line that names them; every value that there is has a meaning."""

import json
from typing import Any

import pytest
import yaml
from helm_python.errors import HelmError

from services.cli.chart_files import OF_THE_CHART, free_settings
from services.runtime.settings import AllSettings
from tests.deploy.helm_chart import CHART, render, values_of

MINIMAL = values_of("minimal-values.yaml")
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
WRONG: dict[str, dict[str, Any]] = {
    "at '/kafka': additional properties 'broker' not allowed": {"kafka": {"broker": "kafka:9092"}},
    "at '/kafka/brokers': 'kafka' does not match pattern": {"kafka": {"brokers": "kafka"}},
    "at '/kafka/security': value must be one of 'PLAINTEXT', 'SSL',": {
        "kafka": {"security": "TLS"}
    },
    "at '/topics/partitions': got string, want integer": {"topics": {"partitions": "4"}},
    "at '/scaling/minReplicas': minimum: got 0, want 1": {"scaling": {"minReplicas": 0}},
    "at '/defaults/replicas': minimum: got 0, want 1": {"defaults": {"replicas": 0}},
    "at '/settings': additional properties 'step_timeout' not allowed": {
        "settings": {"step_timeout": 3}
    },
    "at '/settings': additional properties 'kafka_password' not allowed": {
        "settings": {"kafka_password": "secret"}
    },
    "at '/settings/batch_max': maximum: got 9,000, want 5,000": {"settings": {"batch_max": 9000}},
    "at '/services/contract': additional properties 'replica' not allowed": {
        "services": {"contract": {"replica": 3}}
    },
    "at '/services/documents/outside': missing property 'url'": {
        "services": {"documents": {"outside": {"apiKeySecret": "kyc"}}}
    },
    "at '/hashKey': additional properties 'value' not allowed": {"hashKey": {"value": "secret"}},
    "services.contract: 5 replicas, but topics.partitions is 4": {
        "services": {"contract": {"replicas": 5}}
    },
    "scaling.minReplicas: at most topics.partitions": {"scaling": {"keda": True, "minReplicas": 5}},
    "gateway.proxies must name the addresses of the ingress controller": {
        "ingress": {"enabled": True, "host": "a.example.com"}
    },
    "ingress.host must be set": {"ingress": {"enabled": True}},
    "services.payout: the chart knows no group of it: make generate": {
        "services": {"payout": {}},
        "scaling": {"keda": True},
    },
    "strimzi.cluster must be set": {"topics": {"by": "strimzi"}},
    "topics.by: job runs before Strimzi has made its user": {
        "topics": {"by": "job"},
        "strimzi": {"users": True, "cluster": "main"},
    },
    "strimzi.users: kafka.security is PLAINTEXT": {"strimzi": {"users": True, "cluster": "main"}},
    "strimzi.users: kafka.mechanism must be SCRAM-SHA-512": {
        "strimzi": {"users": True, "cluster": "main"},
        "kafka": {"security": "SASL_SSL", "mechanism": "PLAIN"},
    },
    "strimzi.users: with SSL users are known by kafka.clientCertificates": {
        "strimzi": {"users": True, "cluster": "main"},
        "kafka": {"security": "SSL"},
    },
    "kafka.clientCertificates: kafka.security must be SSL or SASL_SSL": {
        "kafka": {"clientCertificates": True}
    },
    "kafka.caSecret: kafka.security must be SSL or SASL_SSL": {"kafka": {"caSecret": "ca"}},
}


@pytest.mark.parametrize("line", WRONG)
def test_a_wrong_value_is_refused_by_name(line):
    values = {**MINIMAL, **WRONG[line]}
    values["kafka"] = {**MINIMAL["kafka"], **WRONG[line].get("kafka", {})}
    with pytest.raises(HelmError) as refused:
        render(values)
    assert line in str(refused.value)


def test_without_a_broker_nothing_is_made():
    with pytest.raises(HelmError, match=r"kafka\.brokers must be set: host:port, comma separated"):
        render({})


def test_the_schema_knows_every_value_and_no_object_of_it_takes_others():
    assert unknown(VALUES, SCHEMA, "") == []
    assert {*SCHEMA["properties"]} - {*VALUES} == {"global"}


def unknown(values: Any, schema: dict[str, Any], place: str) -> list[str]:
    """Where values and schema differ in their names."""
    schema = SCHEMA["definitions"].get(schema.get("$ref", "").rpartition("/")[2], schema)
    if not isinstance(values, dict) or "properties" not in schema:
        return []
    found = [] if schema.get("additionalProperties") is False else [f"{place}: is open"]
    found += [f"{place}.{name}" for name in values if name not in schema["properties"]]
    for name, inner in schema["properties"].items():
        found += unknown(values.get(name), inner, f"{place}.{name}")
    return found


def test_every_setting_is_either_free_or_of_the_chart():
    free = free_settings()
    assert SCHEMA["definitions"]["settings"]["properties"] == free
    of_the_chart = {name for name in AllSettings.model_fields if OF_THE_CHART.fullmatch(name)}
    assert {*free} | of_the_chart == {*AllSettings.model_fields}
    assert {"kafka_password", "mongo", "auth", "documents_api_key"} <= of_the_chart
    assert {"step_timeout_seconds", "documents_rules", "journey_version", "log_level"} <= {*free}


def test_every_value_is_read_by_a_template():
    """By its last name: one that no template names would be set for nothing."""
    texts = "\n".join(file.read_text() for file in (CHART / "templates").iterdir())
    schema = [*names(SCHEMA["properties"]), *names(SCHEMA["definitions"]["service"]["properties"])]
    unread = {name for name in schema if f".{name}" not in texts}
    assert unread <= {"global", "requests", "limits", "cpu", "memory", "ephemeral-storage"}


def names(properties: dict[str, Any]) -> list[str]:
    found = []
    for name, inner in properties.items():
        found += [name, *names(inner.get("properties", {}))]
    return found
