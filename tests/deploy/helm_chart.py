"""The Helm chart rendered, and what is found in it: Helm itself as a library, no cluster.

Every file of deploy/helm/onboarding/ci is a case.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from helm_python.chart import Chart

from tests.sources import ROOT

Manifest = dict[str, Any]
CHART = ROOT / "deploy/helm/onboarding"
CASES = sorted(path.name for path in CHART.glob("ci/*.yaml"))
RELEASE, NAMESPACE, NOTES = "onboarding", "apps", "onboarding/templates/NOTES.txt"
PREFIX = f"{RELEASE}-"


def values_of(case: str) -> dict[str, Any]:
    return yaml.safe_load((CHART / "ci" / case).read_text())


def texts(values: Mapping[str, Any], chart: Path = CHART) -> dict[str, str]:
    """By template what came of it. HelmError, with Helm's words, where it refuses."""
    with Chart.load(chart) as one:
        return one.render(dict(values), name=RELEASE, namespace=NAMESPACE)


def render(values: Mapping[str, Any], chart: Path = CHART) -> list[Manifest]:
    found = [text for name, text in texts(values, chart).items() if name.endswith(".yaml")]
    return [one for text in found for one in yaml.safe_load_all(text) if one]


@cache
def rendered(case: str) -> list[Manifest]:
    return render(values_of(case))


def of_kind(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    """By name, without the release's."""
    found = [one for one in manifests if one["kind"] == kind]
    return {one["metadata"]["name"].removeprefix(PREFIX): one for one in found}


def pods(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Each pod's specification, with the name of what makes it."""
    for one in manifests:
        if one["kind"] in ("Deployment", "Job"):
            yield one["metadata"]["name"].removeprefix(PREFIX), one["spec"]["template"]["spec"]


def environment(pod: Manifest) -> dict[str, str]:
    (container,) = pod["containers"]
    return {one["name"]: one["value"] for one in container["env"]}


def secret_files(pod: Manifest) -> dict[str, tuple[str, str]]:
    """By path in the container the Secret and its key."""
    (container,) = pod["containers"]
    (mount,) = [one for one in container["volumeMounts"] if one["name"] == "given"]
    (volume,) = [one for one in pod["volumes"] if one["name"] == "given"]
    return {
        f"{mount['mountPath']}/{item['path']}": (source["secret"]["name"], item["key"])
        for source in volume["projected"]["sources"]
        for item in source["secret"]["items"]
    }
