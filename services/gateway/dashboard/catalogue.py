"""GET /dashboard/events: every event, made from the contracts: who says it, who hears it, how."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from contracts.masking import ALL_EVENTS
from contracts.operator import OPERATOR_EVENTS
from contracts.participants import SAGA_STATE, participants
from contracts.schema_files import example, schema
from contracts.topics import event_topic
from services.gateway.dashboard.rendering import page
from services.gateway.dashboard.visits import Looks
from services.gateway.ground import Ground, On
from services.gateway.problems import NotThere

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """An event in all its versions. `topic`: of operators' events, one for each service."""

    name: str
    about: str
    versions: tuple[int, ...]
    topic: str
    says: tuple[str, ...]
    hears: tuple[str, ...]


@router.get("/dashboard/events")
async def events(request: Request, on: On, visit: Looks) -> Response:
    """All of them on one page."""
    return page(request, visit, "events.html", entries=list(_entries(on)))


@router.get("/dashboard/events/{name}")
async def event(request: Request, on: On, visit: Looks, name: str) -> Response:
    """One, with the schema and the frozen example of each version."""
    entry = next((one for one in _entries(on) if one.name == name), None)
    if entry is None:
        raise NotThere("NO_SUCH_EVENT", "there is no event of that name; the catalogue has all")
    versions = [
        {
            "version": version,
            "fields": list(_fields(schema(name, version))),
            "schema": schema(name, version),
            "example": example(name, version),
        }
        for version in entry.versions
    ]
    return page(request, visit, "event.html", entry=entry, versions=versions)


def _entries(on: Ground) -> Iterator[Entry]:
    known = participants()
    for name in dict.fromkeys(name for name, _ in ALL_EVENTS):
        versions = tuple(version for one, version in ALL_EVENTS if one == name)
        about = (ALL_EVENTS[name, versions[-1]].__doc__ or "").partition("\n\n")[0]
        says = tuple(one.name for one in known if name in one.says)
        hears = tuple(one.name for one in known if name in one.hears)
        topic = event_topic(name, on.settings.prefix)
        if any(one == name for one, _ in OPERATOR_EVENTS):
            topic = "the dead letter topic of the step"
            said_by_step = name == "StepParked"
            says = ("the step",) if said_by_step else ("onboarding dlq, onboarding resolve",)
            hears = (SAGA_STATE.name,) if said_by_step else ("the step", SAGA_STATE.name)
        yield Entry(name, about, versions, topic, says, hears)


def _fields(of: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The fields of the data, one level deep: the schema itself has the rest."""
    required = of.get("required", [])
    for name, told in of.get("properties", {}).items():
        yield {
            "name": name,
            "kind": _kind(told),
            "is_required": name in required,
            "about": told.get("description", ""),
        }


def _kind(told: dict[str, Any]) -> str:
    if "$ref" in told:
        return str(told["$ref"]).rpartition("/")[2]
    if "enum" in told:
        return " or ".join(map(str, told["enum"]))
    if "const" in told:
        return str(told["const"])
    if "anyOf" in told:
        return " or ".join(map(_kind, told["anyOf"]))
    if told.get("type") == "array":
        return f"list of {_kind(told.get('items', {}))}"
    return str(told.get("type", "any"))
