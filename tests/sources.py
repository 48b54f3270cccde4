"""Our code as data: each module with its text and its tree, for the rules that tests hold it to."""

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[1]
AGENT, LIFECYCLE = "services/runtime/agent.py", "services/runtime/lifecycle.py"


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


def breaches(rule: Rule, among: Iterable[Source]) -> dict[str, list[str]]:
    """By module what breaks the rule there; modules that keep it are left out."""
    return {source.path: found for source in among if (found := list(rule(source)))}


def breaks(rule: Rule, code: str, path: str = "services/documents/rules.py") -> bool:
    """Whether that code, in a module of that path, breaks the rule."""
    return bool(list(rule(Source(path, code))))


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
