"""In which fields two documents of one saga differ; pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from saga_state.document import Saga, comparable

MISSING = "(no such saga)"
Differences = Mapping[str, tuple[Any, Any]]
"""By field, such as `status`, `steps.documents.state` or `sides`, what one has and the other."""


def differences_of(one: Saga | None, other: Saga | None) -> Differences:
    """Empty if the two agree."""
    if one is None or other is None:
        both = one["status"] if one else None, other["status"] if other else None
        return {} if one is other else {MISSING: both}
    if comparable(one) == comparable(other):
        return {}
    return dict(_differ("", comparable(one), comparable(other)))


def _differ(path: str, one: Any, other: Any) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Down to the fields that people read; what is internal is told as one, without its values."""
    if one == other:
        return
    if path == "steps" and _are_same_steps(one, other):
        for mine, theirs in zip(one, other, strict=True):
            yield from _differ(f"steps.{mine['step']}", mine, theirs)
    elif isinstance(one, Mapping) and isinstance(other, Mapping) and path != "sides":
        for name in dict.fromkeys([*one, *other]):
            below = f"{path}.{name}" if path else str(name)
            yield from _differ(below, one.get(name), other.get(name))
    else:
        yield path, (None, None) if path == "sides" else (one, other)


def _are_same_steps(one: Any, other: Any) -> bool:
    return [step["step"] for step in one] == [step["step"] for step in other]
