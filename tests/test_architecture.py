"""Who may know whom: found by reading the code, not by hope."""

import ast
from collections.abc import Iterator

import pytest
from importlinter.cli import lint_imports

from contracts.journey import JOURNEYS
from tests.sources import AGENT, LIFECYCLE, ROOT, SERVICES, Rule, Source, breaches, breaks, imports

STEPS = {name for journey in JOURNEYS.values() for name in journey.step_names}
DRIVERS = {"pymongo", "bson", "gridfs"}
PROBE = "services/runtime/healthcheck.py"  # to read all settings would take it six times as long
TRACED_REQUESTS = "services/gateway/traced.py"
TRACING = ("services.runtime.tracing", "services.gateway.traced")
STORES = {
    "services/runtime/mongo.py",
    "services/runtime/store.py",
    "services/runtime/process_store.py",
    "services/runtime/tracing/mongo.py",
    "saga_state/store.py",
    "saga_state/validator_store.py",
    "saga_state/writing.py",
    "services/gateway/store.py",
    "services/gateway/key_store.py",
    "services/gateway/audit_store.py",
    "services/gateway/dashboard/session_store.py",
    "services/cli/purge_store.py",
    "saga_state/rebuild_store.py",
    "saga_state/material_store.py",
}


def faust_in_the_runtime_alone(source: Source) -> Iterator[str]:
    if not source.path.startswith("services/runtime/"):
        yield from (name for name in imports(source) if name.split(".")[0] in {"faust", "mode"})


def drivers_in_the_stores_alone(source: Source) -> Iterator[str]:
    if source.path not in STORES:
        yield from (name for name in imports(source) if name.split(".")[0] in DRIVERS)


def environment_in_settings_alone(source: Source) -> Iterator[str]:
    if source.path in (LIFECYCLE, PROBE) or source.path.startswith("services/cli/"):
        return
    for node in source.nodes():
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "putenv"}:
            yield f"os.{node.attr}"
    yield from (name for name in imports(source) if name in {"os.environ", "os.getenv"})


def traces_in_their_place_alone(source: Source) -> Iterator[str]:
    """OpenTelemetry, and what stands on it, is known where traces are made; a process that makes
    none imports neither, so whoever wires them does it in a function."""
    if source.path.startswith("services/runtime/tracing/") or source.path == TRACED_REQUESTS:
        return
    yield from (name for name in imports(source) if name.startswith("opentelemetry"))
    at_import = Source(source.path, "\n".join(map(ast.unparse, _run_at_import(source))))
    yield from (name for name in imports(at_import) if name.startswith(TRACING))


def _run_at_import(source: Source) -> Iterator[ast.stmt]:
    """Its imports; what stands under TYPE_CHECKING or in a function is not run then."""
    yield from (one for one in source.tree.body if isinstance(one, ast.Import | ast.ImportFrom))


def step_of(source: Source) -> str | None:
    parts = source.path.split("/")
    return parts[1] if parts[0] == "services" and parts[1] in STEPS else None


def knows_only_whom_it_may(source: Source) -> Iterator[str]:
    """Steps: contracts, the runtime, themselves. The runtime: contracts. Neither the projection."""
    if step := step_of(source):
        allowed: tuple[str, ...] = ("contracts.", "services.runtime.", f"services.{step}.")
    elif source.path.startswith("services/runtime/"):
        allowed = ("contracts.", "services.runtime.")
    elif source.path == "saga_state/worker.py":
        allowed = ("contracts.", "saga_state.", "services.runtime.")
    elif source.path.startswith("saga_state/"):
        allowed = ("contracts.", "saga_state.")
    else:
        return
    ours = ("contracts.", "services.", "saga_state.", "deploy.")
    known = (name for name in imports(source) if f"{name}.".startswith(ours))
    yield from (name for name in known if not f"{name}.".startswith(allowed))


RULES: dict[Rule, str] = {
    faust_in_the_runtime_alone: "from faust import App",
    drivers_in_the_stores_alone: "def late():\n    import pymongo.errors",
    environment_in_settings_alone: "import os\nprint(os.environ)",
    traces_in_their_place_alone: "from opentelemetry import trace",
    knows_only_whom_it_may: "from services import contract",
}
MORE = [
    (faust_in_the_runtime_alone, "import faust.streams"),
    (drivers_in_the_stores_alone, "from bson import ObjectId"),
    (environment_in_settings_alone, "from os import environ"),
    (environment_in_settings_alone, "import os\nos.getenv('X')"),
    (traces_in_their_place_alone, "def late():\n    import opentelemetry.sdk"),
    (traces_in_their_place_alone, "from services.runtime.tracing.spans import Tracing"),
    (knows_only_whom_it_may, "import saga_state.state"),
    (knows_only_whom_it_may, "from services.cli import main"),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_services_and_projection_keep_the_rule(rule):
    assert breaches(rule, SERVICES) == {}


@pytest.mark.parametrize(("rule", "code"), [*RULES.items(), *MORE])
def test_each_rule_finds_what_breaks_it(rule, code):
    assert breaks(rule, code)


@pytest.mark.parametrize(
    ("rule", "path", "code"),
    [
        (faust_in_the_runtime_alone, AGENT, "import faust"),
        (drivers_in_the_stores_alone, "saga_state/store.py", "import pymongo"),
        (traces_in_their_place_alone, TRACED_REQUESTS, "from opentelemetry import trace"),
        (
            traces_in_their_place_alone,
            "services/runtime/service.py",
            "def late():\n    from services.runtime.tracing.ports import traced_calls",
        ),
        (environment_in_settings_alone, LIFECYCLE, "import os\nprint(os.environ)"),
        (
            knows_only_whom_it_may,
            "saga_state/worker.py",
            "from services.runtime.process import run",
        ),
        (knows_only_whom_it_may, "services/documents/rules.py", "from services.documents import x"),
    ],
)
def test_each_rule_allows_what_it_is_for(rule, path, code):
    assert not breaks(rule, code, path)


@pytest.mark.parametrize("name", ["saga_state/queries.py", "saga_state/state.py"])
def test_of_the_projection_only_the_wiring_may_know_the_runtime(name):
    assert breaks(knows_only_whom_it_may, "from services.runtime import process", name)


def test_every_step_has_its_folder_of_three_files():
    for step in STEPS:
        names = {path.name for path in (ROOT / "services" / step).glob("*.py")}
        assert names >= {"__init__.py", "__main__.py", "rules.py"}


def test_the_packages_know_only_whom_they_may(capsys):
    """The contracts of .importlinter."""
    code = lint_imports(config_filename=str(ROOT / ".importlinter"), no_cache=True, no_logo=True)
    assert code == 0, capsys.readouterr().out
