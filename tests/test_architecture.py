"""What must not stand in the code, and who may know whom: found by reading it, not by hope.

The banned constructs each lose or tear messages in some schedule (DECISIONS.md).
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from contracts.journey import JOURNEYS

ROOT = Path(__file__).parents[1]
STEPS = {name for journey in JOURNEYS.values() for name in journey.step_names}
DRIVERS = {"motor", "pymongo", "bson", "gridfs"}
AGENT, PROCESS = "services/runtime/agent.py", "services/runtime/process.py"
STORES = {"services/runtime/store.py", "saga_state/store.py"}
BANNED_NAMES = {
    "noack": "leaves a gap in what is committed",
    "take_events": "polls, and acknowledges a batch whose handler raised",
    "take": "polls, and acknowledges a batch whose handler raised",
    "add_sink": "sends without awaiting the acknowledgement",
    "send_soon": "sends without awaiting the acknowledgement",
    "CrashingSupervisor": "loses what is buffered behind a crash",
    "exactly_once": "the transactional producer of aiokafka loses in fail-overs",
    "stream_publish_on_commit": "sends after the source was acknowledged",
}
BANNED_OPTIONS = {"sink", "sinks", "stream_publish_on_commit", "processing_guarantee"}
ACKS = {"ack", "_unacked_messages", "enable_acks", "tracked"}


@dataclass(frozen=True)
class Source:
    """A module: its path from the root, its text, its tree."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    def nodes(self) -> Iterator[ast.AST]:
        return ast.walk(self.tree)


def sources(*folders: str) -> list[Source]:
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return [Source(str(path.relative_to(ROOT)), path.read_text()) for path in paths]


SERVICES = sources("services", "saga_state")
ALL = sources("services", "saga_state", "contracts", "deploy")
Rule = Callable[[Source], Iterable[str]]


def imports(source: Source) -> Iterator[str]:
    """The dotted names of what is imported, wherever it stands."""
    for node in source.nodes():
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def names_used(source: Source) -> Iterator[str]:
    for node in source.nodes():
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.alias):
            yield node.name
        elif isinstance(node, ast.Constant) and node.value == "exactly_once":
            yield node.value


def keywords(source: Source) -> Iterator[tuple[str, ast.expr]]:
    for node in source.nodes():
        if isinstance(node, ast.keyword) and node.arg:
            yield node.arg, node.value


def no_lossy_construct(source: Source) -> Iterator[str]:
    yield from (
        f"{name}: {BANNED_NAMES[name]}" for name in names_used(source) if name in BANNED_NAMES
    )
    yield from (f"{name}=" for name, _ in keywords(source) if name in BANNED_OPTIONS)


def one_event_at_a_time(source: Source) -> Iterator[str]:
    for name, value in keywords(source):
        if name == "concurrency" and not (isinstance(value, ast.Constant) and value.value == 1):
            yield "concurrency other than 1"


def acks_in_the_agent_alone(source: Source) -> Iterator[str]:
    if source.path != AGENT:
        found = {node.attr for node in source.nodes() if isinstance(node, ast.Attribute)}
        yield from sorted(found & ACKS)


def faust_in_the_runtime_alone(source: Source) -> Iterator[str]:
    if not source.path.startswith("services/runtime/"):
        yield from (name for name in imports(source) if name.split(".")[0] in {"faust", "mode"})


def drivers_in_the_stores_alone(source: Source) -> Iterator[str]:
    if source.path not in STORES:
        yield from (name for name in imports(source) if name.split(".")[0] in DRIVERS)


def environment_in_settings_alone(source: Source) -> Iterator[str]:
    if source.path == PROCESS or source.path.startswith("services/cli/"):
        return
    for node in source.nodes():
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "putenv"}:
            yield f"os.{node.attr}"
    yield from (name for name in imports(source) if name in {"os.environ", "os.getenv"})


def tasks_are_kept(source: Source) -> Iterator[str]:
    """A task that nobody holds may vanish, and its error with it. (The CLI may hold some.)"""
    groups = task_groups(source)
    dropped = [node.value for node in source.nodes() if isinstance(node, ast.Expr)]
    for node in source.nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner, called = ast.unparse(node.func.value), node.func.attr
            held = source.path.startswith("services/cli/") and node not in dropped
            if called in {"create_task", "ensure_future"} and owner not in groups and not held:
                yield f"{owner}.{called}, not of a TaskGroup"


def task_groups(source: Source) -> set[str]:
    """The names under which `async with asyncio.TaskGroup() as name` is known."""
    items = (
        item for node in source.nodes() if isinstance(node, ast.AsyncWith) for item in node.items
    )
    return {
        item.optional_vars.id
        for item in items
        if isinstance(item.optional_vars, ast.Name)
        and "TaskGroup" in ast.unparse(item.context_expr)
    }


def no_leftovers(source: Source) -> Iterator[str]:
    yield from re.findall(r"\b(?:TODO|FIXME|XXX|HACK)\b", source.text)


def not_too_long(source: Source) -> Iterator[str]:
    if (lines := len(source.text.splitlines())) > 250:
        yield f"{lines} lines"


def opens_with_a_sentence(source: Source) -> Iterator[str]:
    if source.path.endswith("__main__.py"):
        return
    told = (ast.get_docstring(source.tree) or "").partition("\n")[0]
    if not re.fullmatch(r"\S.+[.:]", told):
        yield f"opens with {told!r}"


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
    no_lossy_construct: "stream.noack()",
    one_event_at_a_time: "app.agent(channel, concurrency=4)",
    acks_in_the_agent_alone: "event.ack()",
    faust_in_the_runtime_alone: "from faust import App",
    drivers_in_the_stores_alone: "def late():\n    import pymongo.errors",
    environment_in_settings_alone: "import os\nprint(os.environ)",
    tasks_are_kept: "import asyncio\nasyncio.create_task(work())",
    knows_only_whom_it_may: "from services import contract",
}
STYLE: dict[Rule, str] = {
    no_leftovers: "x = 1  # TODO: 2",
    not_too_long: "x = 1\n" * 251,
    opens_with_a_sentence: '"""no sentence"""',
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_services_and_projection_keep_the_rule(rule):
    assert {source.path: found for source in SERVICES if (found := list(rule(source)))} == {}


@pytest.mark.parametrize("rule", STYLE, ids=lambda rule: rule.__name__)
def test_all_packages_keep_the_style(rule):
    assert {source.path: found for source in ALL if (found := list(rule(source)))} == {}


MORE = [
    (no_lossy_construct, "async for batch in stream.take(5, within=1): pass"),
    (no_lossy_construct, "async for batch in stream.take_events(5): pass"),
    (no_lossy_construct, "agent.add_sink(topic)"),
    (no_lossy_construct, "app.agent(channel, sink=[topic])"),
    (no_lossy_construct, "topic.send_soon(1)"),
    (no_lossy_construct, "App('x', stream_publish_on_commit=True)"),
    (no_lossy_construct, "from mode import CrashingSupervisor"),
    (no_lossy_construct, "App('x', processing_guarantee='exactly_once')"),
    (one_event_at_a_time, "app.agent(channel, concurrency=settings.n)"),
    (acks_in_the_agent_alone, "consumer._unacked_messages.add(1)"),
    (faust_in_the_runtime_alone, "import faust.streams"),
    (drivers_in_the_stores_alone, "from bson import ObjectId"),
    (environment_in_settings_alone, "from os import environ"),
    (environment_in_settings_alone, "import os\nos.getenv('X')"),
    (tasks_are_kept, "import asyncio\ntask = asyncio.ensure_future(work())"),
    (tasks_are_kept, "loop.create_task(work())"),
    (knows_only_whom_it_may, "import saga_state.state"),
    (knows_only_whom_it_may, "from services.cli import main"),
]


@pytest.mark.parametrize(("rule", "code"), [*RULES.items(), *STYLE.items(), *MORE])
def test_each_rule_finds_what_breaks_it(rule, code):
    assert list(rule(Source("services/documents/rules.py", code)))


@pytest.mark.parametrize(
    ("rule", "path", "code"),
    [
        (acks_in_the_agent_alone, AGENT, "event.ack()"),
        (faust_in_the_runtime_alone, AGENT, "import faust"),
        (drivers_in_the_stores_alone, "saga_state/store.py", "import pymongo"),
        (environment_in_settings_alone, PROCESS, "import os\nprint(os.environ)"),
        (one_event_at_a_time, AGENT, "app.agent(channel, concurrency=1)"),
        (
            tasks_are_kept,
            PROCESS,
            "async def f():\n  async with asyncio.TaskGroup() as tasks:\n    tasks.create_task(g())",
        ),
        (
            knows_only_whom_it_may,
            "saga_state/worker.py",
            "from services.runtime.process import run",
        ),
        (knows_only_whom_it_may, "services/documents/rules.py", "from services.documents import x"),
    ],
)
def test_each_rule_allows_what_it_is_for(rule, path, code):
    assert list(rule(Source(path, code))) == []


@pytest.mark.parametrize("name", ["saga_state/queries.py", "saga_state/state.py"])
def test_of_the_projection_only_the_wiring_may_know_the_runtime(name):
    assert list(knows_only_whom_it_may(Source(name, "from services.runtime import process")))


@pytest.mark.parametrize("path", ["services/runtime/delivery.py", "contracts/journey.py"])
def test_the_two_pages_a_newcomer_reads_first_stay_pages(path):
    lines = (ROOT / path).read_text().splitlines()
    assert len(lines) <= 150
    assert max(map(len, lines)) <= 100


def test_every_step_has_its_folder_of_three_files():
    for step in STEPS:
        names = {path.name for path in (ROOT / "services" / step).glob("*.py")}
        assert names >= {"__init__.py", "__main__.py", "rules.py"}


def test_the_packages_know_only_whom_they_may(capsys):
    """The contracts of .importlinter."""
    code = lint_imports(config_filename=str(ROOT / ".importlinter"), no_cache=True, no_logo=True)
    assert code == 0, capsys.readouterr().out
