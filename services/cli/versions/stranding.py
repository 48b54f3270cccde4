"""Whether other code would strand sagas: pure.

Its journeys are held beside those that sagas are on, its events beside those they wait for.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jsonschema_rs

from contracts.events import (
    CompensationCompleted,
    CompensationRequested,
    PartnerOnboardingInitiated,
)
from saga_state.document import StoredEvent
from saga_state.under_way import OnItsWay
from services.cli.versions.code import Code, Key, Row

START = PartnerOnboardingInitiated.__name__
UNDOING = (CompensationRequested.__name__, CompensationCompleted.__name__)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why sagas of a version that wait for a step would be stranded; no step: wherever they are."""

    journey: Key
    step: str | None
    what: str


def changes_of(
    names: Sequence[str], ours: Sequence[Row] | None, theirs: Sequence[Row] | None
) -> str | None:
    """What of a version is other there; None: nothing that its steps go by.

    `names` are its steps in the sagas that are on it. `ours` tells what they hear and say; None:
    nobody here knows.
    """
    if theirs is None:
        return "this version is gone"
    there = {row.step: row for row in theirs}
    found = [f"{name} is gone" for name in names if name not in there]
    found += [f"{name} is new" for name in there if name not in names]
    if not found and list(names) != list(there):
        found.append(f"the order is {', '.join(there)}")
    for row in ours or ():
        found += _row_changes(row, there.get(row.step, row))
    return "; ".join(found) or None


def hears(rows: Sequence[Row], saga: OnItsWay) -> tuple[str, ...]:
    """The events of which the step that the saga waits for hears one."""
    if saga["status"] == "COMPENSATING":
        return UNDOING
    return tuple(row.hears for row in rows if row.step == saga["current_step"])


@dataclass(slots=True)
class Readers:
    """The readers of other code."""

    code: Code
    _validators: dict[Key, jsonschema_rs.Draft202012Validator] = field(default_factory=dict)

    def why_not(self, event: StoredEvent) -> str | None:
        """Why the event as it was said would not be read; None: it would. A start always is."""
        key = event["type"], event["version"]
        name = f"{key[0]}.v{key[1]}"
        if key not in self.code.events:
            return f"would not read {name}: it knows no such version"
        wrong = None if event["type"] == START else self._first_error(key, _data(event))
        return f"would not read {name} as it was said: {wrong}" if wrong else None

    def _first_error(self, key: Key, data: Mapping[str, Any]) -> str | None:
        if key not in self._validators:
            made = jsonschema_rs.Draft202012Validator(
                self.code.events[key], validate_formats=True, mask="the value"
            )
            self._validators[key] = made
        error = next(iter(self._validators[key].iter_errors(data)), None)
        if error is None:
            return None
        return f"{'.'.join(map(str, error.instance_path)) or 'data'}: {error.message}"


def _row_changes(row: Row, other: Row) -> list[str]:
    pairs = (("hears", row.hears, other.hears), ("says", row.says, other.says))
    return [f"{row.step} {verb} {new}, not {old}" for verb, old, new in pairs if old != new]


def _data(event: StoredEvent) -> dict[str, Any]:
    found = event["data"]
    body: dict[str, Any] = json.loads(found) if isinstance(found, str) else found
    return body
