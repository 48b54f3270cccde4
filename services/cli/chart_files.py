"""The files of the Helm chart that are made from the code and from deploy/monitoring/.

`python -m services.cli.chart_files` writes them; with `--check` it exits 1 if one differs. A chart
packs only what lies in its own folder, and takes no links that lead out of it.

files/alerts.yaml, files/dashboard.json   copies
files/kafka.json                          topics, and by user: group, what it hears, its rights
values.schema.json                        its definition `settings`: every setting that is free
Chart.yaml                                the version
"""

import json
import re
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from contracts.journey import JOURNEYS
from contracts.topics import group
from services.runtime.hearing import topics_of
from services.runtime.rights import PROJECTION, Right, rights
from services.runtime.settings import AllSettings, Settings
from services.runtime.topics import Wanted, wanted_topics

CHART = Path("deploy/helm/onboarding")
MONITORING = Path("deploy/monitoring")
OF_THE_CHART = re.compile(
    r"kafka|kafka_(security|user|password|sasl_mechanism)|mongo|prefix|partitions|replication|auth"
    r"|(dead_letter_)?retention_hours|hash_key|health_\w+|fail_stops|gateway_(host|port|proxies)"
    r"|\w+_(file|url|api_key)"
)
"""What values of their own set, or nobody may set on a cluster."""


def main() -> None:
    """Write them, or say which differ."""
    differing = {path: text for path, text in wanted().items() if _text(path) != text}
    if "--check" in sys.argv and differing:
        names = ", ".join(str(path) for path in differing)
        sys.exit(f"{names} is not what the code says: make generate")
    for path, text in differing.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def wanted(root: Path = Path()) -> Mapping[Path, str]:
    """By path what each file is to be."""
    chart = root / CHART
    schema = json.loads(_text(chart / "values.schema.json"))
    schema["definitions"]["settings"]["properties"] = free_settings()
    return {
        chart / "files/alerts.yaml": _text(root / MONITORING / "alerts.yaml"),
        chart / "files/dashboard.json": _text(root / MONITORING / "dashboard.json"),
        chart / "files/kafka.json": _as_json(kafka()),
        chart / "values.schema.json": _as_json(schema),
        chart / "Chart.yaml": _versioned(_text(chart / "Chart.yaml")),
    }


def kafka() -> dict[str, Any]:
    """Without a prefix, which the chart puts before all names."""
    steps = dict.fromkeys(name for journey in JOURNEYS.values() for name in journey.step_names)
    topics = wanted_topics(Settings(prefix="", partitions=1, replication=1))
    hears = {step: topics_of(step) for step in steps}
    hears[PROJECTION] = [topic.name for topic in topics]
    return {
        "topics": {topic.name: _topic(topic) for topic in topics},
        "groups": {name: {"group": group(name), "hears": heard} for name, heard in hears.items()},
        "rights": {user: [_right(one) for one in some] for user, some in rights().items()},
    }


def free_settings() -> dict[str, Any]:
    """By name the JSON Schema of each setting that has no value of its own in the chart."""
    known = AllSettings.model_json_schema()["properties"]
    return {
        name: _plain(told)
        for name, told in sorted(known.items())
        if not OF_THE_CHART.fullmatch(name)
    }


def _topic(topic: Wanted) -> dict[str, Any]:
    """What values decide (partitions, copies, how long records are kept) is left out."""
    decided = ("retention.ms", "min.insync.replicas")
    return {
        "deadLetters": topic.name.endswith(".dlq"),
        "config": {key: value for key, value in topic.config.items() if key not in decided},
    }


def _right(right: Right) -> dict[str, Any]:
    return {"operation": right.operation, "kind": right.kind, "names": list(right.names)}


def _plain(told: Mapping[str, Any]) -> dict[str, Any]:
    """Without what may be absent; a list is told as settings take it, comma separated."""
    one = {**told, **told.get("anyOf", [{}])[0]}
    if one.get("type") == "array":
        one = {"type": "string", "description": one["description"]}
    return {key: value for key, value in one.items() if key not in ("title", "default", "anyOf")}


def _versioned(text: str) -> str:
    ours = version("hexabuilders-onboarding")
    return re.sub(r"^(version|appVersion): .*$", rf'\1: "{ours}"', text, flags=re.MULTILINE)


def _as_json(value: Any) -> str:
    return json.dumps(value, indent=2) + "\n"


def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


if __name__ == "__main__":
    main()
