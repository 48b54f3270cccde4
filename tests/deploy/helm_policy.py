"""What every pod and every policy of the chart must keep to: rules that say what breaks them."""

from collections.abc import Callable, Iterator
from typing import Any

from tests.deploy.helm_chart import Manifest, of_kind, pods

Rule = Callable[[list[Manifest]], Iterator[str]]
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")


def limited(manifests: list[Manifest]) -> Iterator[str]:
    """CPU and memory, asked for and bounded."""
    for name, container in _containers(manifests):
        for kind in ("requests", "limits"):
            for what in ("cpu", "memory"):
                if not container.get("resources", {}).get(kind, {}).get(what):
                    yield f"{name}: no {kind}.{what}"


def probed(manifests: list[Manifest]) -> Iterator[str]:
    """Whoever goes on for ever is asked whether it lives and whether it is ready."""
    paths = {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}
    for name, one in of_kind(manifests, "Deployment").items():
        (container,) = one["spec"]["template"]["spec"]["containers"]
        asked = {kind: container.get(kind, {}).get("httpGet", {}) for kind in PROBES}
        ports = {port["name"] for port in container["ports"]}
        for kind, get in asked.items():
            if (get.get("path"), get.get("port")) != (paths[kind], "health") or not ports >= {
                "health"
            }:
                yield f"{name}: {kind}"


def nobody_special(manifests: list[Manifest]) -> Iterator[str]:
    """Not root, by number, so that a kubelet can tell."""
    for name, pod in pods(manifests):
        given = pod.get("securityContext", {})
        if not (given.get("runAsNonRoot") is True and given.get("runAsUser") == 10001):
            yield f"{name}: runs as {given.get('runAsUser')}"
        if given.get("seccompProfile") != {"type": "RuntimeDefault"}:
            yield f"{name}: seccomp"


def read_only(manifests: list[Manifest]) -> Iterator[str]:
    for name, container in _containers(manifests):
        if container.get("securityContext", {}).get("readOnlyRootFilesystem") is not True:
            yield f"{name}: may write where the image lies"


def without_powers(manifests: list[Manifest]) -> Iterator[str]:
    for name, container in _containers(manifests):
        given = container.get("securityContext", {})
        if given.get("capabilities") != {"drop": ["ALL"]}:
            yield f"{name}: has capabilities"
        if given.get("allowPrivilegeEscalation") is not False or given.get("privileged"):
            yield f"{name}: may become more"


def without_the_hosts(manifests: list[Manifest]) -> Iterator[str]:
    for name, pod in pods(manifests):
        if any(pod.get(what) for what in ("hostNetwork", "hostPID", "hostIPC")):
            yield f"{name}: shares what is the host's"
        for volume in pod["volumes"]:
            if not {*volume} <= {"name", "projected", "emptyDir"}:
                yield f"{name}: mounts {volume['name']}"


def without_links(manifests: list[Manifest]) -> Iterator[str]:
    """A Service named like a setting would set it."""
    for name, pod in pods(manifests):
        if pod.get("enableServiceLinks") is not False:
            yield f"{name}: is given addresses of services as variables"


def without_token(manifests: list[Manifest]) -> Iterator[str]:
    for name, pod in pods(manifests):
        if pod.get("automountServiceAccountToken") is not False:
            yield f"{name}: has a token of the cluster"


def scaled_once(manifests: list[Manifest]) -> Iterator[str]:
    """KEDA makes a HorizontalPodAutoscaler; another, or fixed replicas, would fight with it."""
    scaled = {
        one["spec"]["scaleTargetRef"]["name"] for one in of_kind(manifests, "ScaledObject").values()
    }
    for one in manifests:
        name, spec = one["metadata"]["name"], one.get("spec", {})
        target = spec.get("scaleTargetRef", {}).get("name")
        if one["kind"] == "HorizontalPodAutoscaler" and target in scaled:
            yield f"{name}: beside KEDA"
        if one["kind"] == "Deployment" and name in scaled and "replicas" in spec:
            yield f"{name}: fixed replicas beside KEDA"


def spread(manifests: list[Manifest]) -> Iterator[str]:
    """Over hosts and zones, and never all of them drained at once."""
    budgets = of_kind(manifests, "PodDisruptionBudget")
    for name, one in of_kind(manifests, "Deployment").items():
        told = one["spec"]["template"]["spec"].get("topologySpreadConstraints", [])
        keys = {constraint["topologyKey"] for constraint in told}
        if keys != {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}:
            yield f"{name}: is not spread"
        if budgets.get(name, {}).get("spec", {}).get("maxUnavailable") != 1:
            yield f"{name}: no budget"


def no_secret_in_the_clear(manifests: list[Manifest]) -> Iterator[str]:
    for one in manifests:
        if one["kind"] == "Secret":
            yield f"{one['metadata']['name']}: a Secret of the chart's own"
    for name, container in _containers(manifests):
        for variable in container["env"]:
            said = variable["name"]
            secret = ("PASSWORD", "HASH_KEY", "API_KEY")
            if said == "ONBOARDING_MONGO" or (said.endswith(secret) and "value" in variable):
                yield f"{name}: {said}"


def _containers(manifests: list[Manifest]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, pod in pods(manifests):
        for container in (*pod["containers"], *pod.get("initContainers", [])):
            yield name, container


RULES: tuple[Rule, ...] = (
    limited,
    probed,
    nobody_special,
    read_only,
    without_powers,
    without_the_hosts,
    without_links,
    without_token,
    scaled_once,
    spread,
    no_secret_in_the_clear,
)
