"""The rules of deploy/monitoring/alerts.yaml as data."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from services.cli.metrics_table import series
from tests.sources import ROOT

FILE = ROOT / "deploy/monitoring/alerts.yaml"


def rules() -> list[Mapping[str, Any]]:
    """Alerts and recorded series, in their order."""
    told = yaml.safe_load(FILE.read_text())
    return [rule for group in told["groups"] for rule in group["rules"]]


def alerts() -> dict[str, Mapping[str, Any]]:
    """The alerts by name."""
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def annotations(rule: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, str]:
    """As they read with these labels."""
    return {
        name: re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda found: labels[found[1]], text)
        for name, text in rule["annotations"].items()
    }


def scaled(text: str, factor: int) -> str:
    """The rules with windows, offsets and waits that are so many times shorter."""
    seconds = {"m": 60, "h": 3_600, "d": 86_400}
    return re.sub(
        r"(?<=[\[ ])(\d+)([mhd])(?=\]|\s)",
        lambda found: f"{int(found[1]) * seconds[found[2]] // factor}s",
        text,
    )


def unknown_in(query: str) -> list[str]:
    """Metrics that no process shows, recorded series that no rule makes, labels they do not have."""
    known, recorded = series(), {rule["record"] for rule in rules() if "record" in rule}
    names = set(re.findall(r"onboarding_\w+", query))
    wrong = [name for name in names if name not in known]
    wrong += [name for name in re.findall(r"onboarding:[\w:]+", query) if name not in recorded]
    for name, matchers in re.findall(r"(onboarding_\w+)\{([^}]*)\}", query):
        asked = set(re.findall(r"(\w+)\s*[=!]", matchers))
        wrong += sorted(asked - known.get(name, frozenset()))
    by = set(re.findall(r"\w+", " ".join(re.findall(r"\b(?:by|on) \(([^)]*)\)", query))))
    labels = set().union(*(known.get(name, frozenset()) for name in names))
    labels |= {"step", "code"} if "onboarding:step" in query else set()
    return wrong + sorted(by - labels)
