"""What operators take, of what the chart makes for them: JSON Schemas by hand, no field more.

The names are those of the definitions that Strimzi (v1), KEDA (v1alpha1) and the Prometheus
operator (v1) publish.
"""

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]
TEXT, WHOLE, LABELS = {"type": "string"}, {"type": "integer", "minimum": 1}, {"type": "object"}


def _object(needed: Mapping[str, Any], more: Mapping[str, Any] | None = None) -> Schema:
    """With no member but these."""
    return {
        "type": "object",
        "required": list(needed),
        "properties": {**needed, **(more or {})},
        "additionalProperties": False,
    }


def _list(item: Schema) -> Schema:
    return {"type": "array", "items": item, "minItems": 1}


def _one_of(*words: str) -> Schema:
    return {"enum": list(words)}


TEXTS = {"type": "object", "additionalProperties": TEXT}
TOPIC = _object({"topicName": TEXT, "partitions": WHOLE, "replicas": WHOLE, "config": TEXTS})
RIGHT = _object(
    {
        "resource": _object(
            {"type": _one_of("topic", "group"), "name": TEXT, "patternType": _one_of("literal")}
        ),
        "operations": _list(_one_of("Read", "Write", "Create", "Describe", "DescribeConfigs")),
    }
)
USER = _object(
    {
        "authentication": _object({"type": _one_of("tls", "scram-sha-512")}),
        "authorization": _object({"type": _one_of("simple"), "acls": _list(RIGHT)}),
    }
)
POLICY = _object({"type": _one_of("Pods", "Percent"), "value": WHOLE, "periodSeconds": WHOLE})
PACE = _object({"stabilizationWindowSeconds": {"type": "integer"}}, {"policies": _list(POLICY)})
LAG = _object(
    {
        "bootstrapServers": TEXT,
        "consumerGroup": TEXT,
        "topic": TEXT,
        "lagThreshold": {"type": "string", "pattern": "^[1-9][0-9]*$"},
        "offsetResetPolicy": _one_of("earliest"),
    },
    {"sasl": _one_of("plaintext", "scram_sha256", "scram_sha512"), "tls": _one_of("enable")},
)
SCALED = _object(
    {
        "scaleTargetRef": _object({"name": TEXT}),
        "minReplicaCount": WHOLE,
        "maxReplicaCount": WHOLE,
        "pollingInterval": WHOLE,
        "fallback": _object(
            {
                "failureThreshold": WHOLE,
                "replicas": WHOLE,
                "behavior": _one_of("currentReplicasIfHigher"),
            }
        ),
        "advanced": _object(
            {
                "horizontalPodAutoscalerConfig": _object(
                    {"behavior": _object({"scaleUp": PACE, "scaleDown": PACE})}
                )
            }
        ),
        "triggers": _list(
            _object(
                {"type": _one_of("apache-kafka"), "metadata": LAG},
                {"authenticationRef": _object({"name": TEXT})},
            )
        ),
    }
)
KNOWN = _object(
    {},
    {
        "env": _list(
            _object({"parameter": _one_of("username"), "name": TEXT, "containerName": TEXT})
        ),
        "secretTargetRef": _list(
            _object(
                {
                    "parameter": _one_of("password", "ca", "cert", "key"),
                    "name": TEXT,
                    "key": TEXT,
                }
            )
        ),
    },
)
MONITOR = _object(
    {
        "selector": _object({"matchLabels": LABELS}),
        "podMetricsEndpoints": _list(
            _object({"port": _one_of("health"), "path": _one_of("/metrics"), "interval": TEXT})
        ),
    }
)
RULE = _object(
    {"expr": TEXT},
    {"record": TEXT, "alert": TEXT, "for": TEXT, "labels": TEXTS, "annotations": TEXTS},
)
RULES = _object({"groups": _list(_object({"name": TEXT, "rules": _list(RULE)}))})

SPECS = {
    ("kafka.strimzi.io/v1", "KafkaTopic"): TOPIC,
    ("kafka.strimzi.io/v1", "KafkaUser"): USER,
    ("keda.sh/v1alpha1", "ScaledObject"): SCALED,
    ("keda.sh/v1alpha1", "TriggerAuthentication"): KNOWN,
    ("monitoring.coreos.com/v1", "PodMonitor"): MONITOR,
    ("monitoring.coreos.com/v1", "PrometheusRule"): RULES,
}
"""By version and kind the schema of `spec`."""
