"""What must not stand in the code: each of these loses or tears messages in some schedule.

Why each does is in DECISIONS.md; here they are found by reading the code, not by hope.
"""

import ast
from collections.abc import Iterator

import pytest

from tests.sources import (
    AGENT,
    LIFECYCLE,
    SERVICES,
    Rule,
    Source,
    breaches,
    breaks,
    keywords,
    names_used,
)

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


MAY_HOLD = (
    "services/cli/",
    "services/runtime/transport.py",
    "services/gateway/auditing.py",
    "services/gateway/dashboard/progress.py",
)


def tasks_are_kept(source: Source) -> Iterator[str]:
    """A task that nobody holds may vanish, and its error with it. The CLI may hold some, the
    transport the one that stands for Faust's thread, whose error ends the process, the
    dashboard the acts that a page tells of, with what went wrong, and the audit its records, which
    say in the log that they were not written."""
    groups = task_groups(source)
    dropped = [node.value for node in source.nodes() if isinstance(node, ast.Expr)]
    for node in source.nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner, called = ast.unparse(node.func.value), node.func.attr
            held = source.path.startswith(MAY_HOLD) and node not in dropped
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


RULES: dict[Rule, str] = {
    no_lossy_construct: "stream.noack()",
    one_event_at_a_time: "app.agent(channel, concurrency=4)",
    acks_in_the_agent_alone: "event.ack()",
    tasks_are_kept: "import asyncio\nasyncio.create_task(work())",
}
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
    (tasks_are_kept, "import asyncio\ntask = asyncio.ensure_future(work())"),
    (tasks_are_kept, "loop.create_task(work())"),
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
        (acks_in_the_agent_alone, AGENT, "event.ack()"),
        (one_event_at_a_time, AGENT, "app.agent(channel, concurrency=1)"),
        (tasks_are_kept, MAY_HOLD[1], "self.task = asyncio.create_task(work())"),
        (
            tasks_are_kept,
            LIFECYCLE,
            "async def f():\n  async with asyncio.TaskGroup() as tasks:\n    tasks.create_task(g())",
        ),
    ],
)
def test_each_rule_allows_what_it_is_for(rule, path, code):
    assert not breaks(rule, code, path)
