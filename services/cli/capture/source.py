"""The source of a captured test."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import datetime
from typing import Any

from services.cli.capture.captured import Act, Captured
from services.cli.capture.playing import Played

LINE = 90
_AS_RECORDED = '''\
"""Saga {saga}, as it was recorded.

It ended {ending}. Made by `onboarding capture`, {now}; personal
data is replaced. It is played again by the handlers as they are: green as long as it goes so.
"""

from services.cli.capture.captured import Act, Captured
from services.cli.capture.playing import played

# fmt: off
CAPTURED = {captured}
ENDING = {end}
STEPS = {steps}
# fmt: on


def test_it_goes_as_it_went():
    again = played(CAPTURED)
    assert again.departed is None, f"was recorded, and does not happen: {{again.departed}}"
    assert (again.status, again.failure) == ENDING
    assert again.steps == STEPS
'''
_AS_EXPECTED = '''\
"""Saga {saga}, as it is to end: {expected}.

It ended {ending}. Made by `onboarding capture`, {now}; personal
data is replaced. It is played again by the handlers as they are, until nothing is left to do: red
until it ends so.
"""

from services.cli.capture.captured import Act, Captured
from services.cli.capture.playing import played_on

# fmt: off
CAPTURED = {captured}
# fmt: on


def test_it_ends_{name}():
    again = played_on(CAPTURED)
    assert again.status == "{expected}", again.failure or again.steps
'''


def as_recorded(captured: Captured, recorded: Played, now: datetime) -> str:
    """A test that it goes as it went."""
    end, steps = _literal((recorded.status, recorded.failure)), _literal(recorded.steps)
    return _AS_RECORDED.format(**_told(captured, recorded, now), end=end, steps=steps)


def as_expected(captured: Captured, recorded: Played, now: datetime, status: str) -> str:
    """A test that it ends with that status."""
    told = _told(captured, recorded, now)
    return _AS_EXPECTED.format(**told, expected=status, name=status.lower())


def _told(captured: Captured, recorded: Played, now: datetime) -> dict[str, Any]:
    why = f", {recorded.failure}" if recorded.failure else ""
    return {
        "saga": _in_words(recorded.saga["_id"]),
        "ending": _in_words(f"{recorded.status}{why}"),
        "now": f"{now:%Y-%m-%d}",
        "captured": _captured(captured),
    }


def _in_words(text: str) -> str:
    """Ids and codes may be of anybody: nothing that a docstring would end by, or take otherwise."""
    return "".join(sign if sign.isalnum() or sign in " ,.:_-" else "?" for sign in text)


def _captured(captured: Captured) -> str:
    lines = [f"    {name}={_literal(value, 1)}," for name, value in _given(captured).items()]
    return "\n".join(["Captured(", *lines, ")"])


def _literal(value: Any, depth: int = 0) -> str:
    """Python for a value, on as many lines as it needs; an act has one."""
    if isinstance(value, Act):
        return _act(value)
    if isinstance(value, str):  # JSON's text is Python's, as long as it is not made ASCII
        return json.dumps(value, ensure_ascii=False)
    if not isinstance(value, Mapping | list | tuple):
        return repr(value)
    signs = "{}" if isinstance(value, Mapping) else "()" if isinstance(value, tuple) else "[]"
    inner = _items(value, depth + 1)
    comma = "," if isinstance(value, tuple) and len(inner) == 1 else ""
    line = f"{signs[0]}{', '.join(inner)}{comma}{signs[1]}"
    if len(line) <= LINE - 4 * depth and "\n" not in line and "Act(" not in line:
        return line
    margin = "    " * depth
    lines = [f"{margin}    {item}," for item in inner]
    return "\n".join([signs[0], *lines, f"{margin}{signs[1]}"])


def _items(value: Any, depth: int) -> list[str]:
    if isinstance(value, Mapping):
        return [f"{_literal(name)}: {_literal(one, depth)}" for name, one in value.items()]
    return [_literal(one, depth) for one in value]


def _act(act: Act) -> str:
    """What every act has stands without its name."""
    given = _given(act)
    first = [_literal(given.pop(name)) for name in ("seconds", "by", "says")]
    rest = [f"{name}={_literal(value, -99)}" for name, value in given.items()]
    return f"Act({', '.join([*first, *rest])})"


def _given(one: Act | Captured) -> dict[str, Any]:
    """The fields that are not as they would be anyway."""
    found = {}
    for field in fields(one):
        made = field.default_factory() if field.default_factory is not MISSING else field.default
        value = getattr(one, field.name)
        if value != made:
            found[field.name] = value
    return found
