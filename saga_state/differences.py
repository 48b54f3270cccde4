"""In which fields two documents of one saga differ; pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from saga_state.document import Saga, comparable

MISSING = "(no such saga)"


def differing_fields(one: Saga | None, other: Saga | None) -> list[str]:
    """Such as `status`, `steps.documents.state`, `sides`; empty if the two agree."""
    if one is None or other is None:
        return [] if one is other else [MISSING]
    if comparable(one) == comparable(other):
        return []
    return sorted(set(_differ("", comparable(one), comparable(other))))


def _differ(path: str, one: Any, other: Any) -> Iterator[str]:
    """Down to the fields that people read; what is internal is told as one."""
    if one == other:
        return
    if path == "steps" and _are_same_steps(one, other):
        for mine, theirs in zip(one, other, strict=True):
            yield from _differ(f"steps.{mine['step']}", mine, theirs)
    elif isinstance(one, Mapping) and isinstance(other, Mapping) and path != "sides":
        for name in {*one, *other}:
            below = f"{path}.{name}" if path else str(name)
            yield from _differ(below, one.get(name), other.get(name))
    else:
        yield path


def _are_same_steps(one: Any, other: Any) -> bool:
    return [step["step"] for step in one] == [step["step"] for step in other]
