"""`onboarding journeys`: the versions, the sagas on their way in them, and who knows them."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

from contracts.journey import JOURNEYS, journey_named
from saga_state.under_way import Waiting
from services.cli.doctor_servers import RECORD_SECONDS
from services.cli.options import Output
from services.cli.printing import answer, counted, table
from services.cli.projection import open_under_way
from services.cli.reaching import mongo_at
from services.cli.running_stack import Found, find_stack
from services.cli.versions.code import Key
from services.runtime.mongo import database
from services.steps import step_names

PROJECTION = "saga_state"
_SINCE = {"$subtract": ["$$NOW", int(RECORD_SECONDS * 1000)]}  # by the database's clock
_ALIVE = {"$expr": {"$gte": ["$seen_at", _SINCE]}}


class Instance(TypedDict):
    """A running process. `version`: of the program; `journeys`: such as partner-onboarding/1."""

    service: str
    instance: str
    version: str
    journeys: list[str]


def list_journeys(data: Path | None, output: Output) -> None:
    """A row per version that is known here, or that sagas are on."""
    found = find_stack(data, ("mongo",))
    waiting, instances = asyncio.run(_asked(found))
    rows = rows_of(waiting, instances, found.settings.journey_version)
    answer(rows, output, table([shown(row) for row in rows]))


def rows_of(
    waiting: Sequence[Waiting], instances: Sequence[Instance], starts_on: int
) -> list[dict[str, Any]]:
    """By version: how many sagas wait for whom, and which running processes know it. `starts_on` is
    the version that new sagas start on."""
    on_the_way = {(one["journey"], one["journey_version"]) for one in waiting}
    return [
        _row(key, waiting, instances, starts_on) for key in sorted({*JOURNEYS.keys(), *on_the_way})
    ]


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row as people read it."""
    lacks = [one["service"] for one in row["instances"] if not one["knows_it"]]
    return {
        "journey": f"{row['journey']}/{row['version']}",
        "here": "new sagas start on it" if row["starts_here"] else _known(row["known_here"]),
        "under way": row["under_way"],
        "wait for": ", ".join(map(_words, row["waiting"])),
        "known by": f"{len(row['instances']) - len(lacks)} of {len(row['instances'])} instances",
        "not by": ", ".join([*_counted(lacks), *(f"{name} (none runs)" for name in row["absent"])]),
    }


def _row(
    key: Key, waiting: Sequence[Waiting], instances: Sequence[Instance], starts_on: int
) -> dict[str, Any]:
    own = [one for one in waiting if (one["journey"], one["journey_version"]) == key]
    journey = JOURNEYS.get(key)
    names = [*(journey.step_names if journey else step_names()), PROJECTION]
    label = f"{key[0]}/{key[1]}"
    of_it = [
        {**one, "knows_it": label in one["journeys"]}
        for one in instances
        if one["service"] in names
    ]
    running = {one["service"] for one in instances}
    return {
        "journey": key[0],
        "version": key[1],
        "known_here": journey is not None,
        "starts_here": journey is not None and journey_named(key[0], starts_on) is journey,
        "under_way": sum(one["count"] for one in own),
        "waiting": _by_step(own),
        "instances": of_it,
        "absent": [name for name in names if name not in running],
    }


def _by_step(own: Sequence[Waiting]) -> list[dict[str, Any]]:
    counts = Counter[tuple[str, bool]]()
    for one in own:
        counts[one["step"], one["undoing"]] += one["count"]
    return [
        {"step": step, "undoing": undoing, "count": count}
        for (step, undoing), count in counts.items()
    ]


def _known(known: bool) -> str:
    return "known" if known else "not known"


def _words(one: Mapping[str, Any]) -> str:
    return f"{one['step']}{' to undo' if one['undoing'] else ''}: {one['count']}"


def _counted(names: Iterable[str]) -> list[str]:
    told = list(names)
    return [
        f"{name} ({counted(told.count(name), 'instance', 'instances')})"
        for name in dict.fromkeys(told)
    ]


async def _asked(found: Found) -> tuple[list[Waiting], list[Instance]]:
    async with open_under_way(found) as under_way:
        waiting = await under_way.counts()
    return sorted(waiting, key=_place), await _instances(found)


def _place(one: Waiting) -> tuple[Any, ...]:
    names = step_names()
    place = names.index(one["step"]) if one["step"] in names else len(names)
    return one["undoing"], place, one["step"]


async def _instances(found: Found) -> list[Instance]:
    """What every running process has written of itself lately, as `doctor` and `why` take it."""
    instances: list[Instance] = []
    async with mongo_at(found.mongo) as client:
        for name in (*step_names(), PROJECTION):
            place = database(client, found.settings.database(f"onboarding_{name}"))
            for form in await place.instances.find(_ALIVE).sort("_id").to_list(1000):
                instances.append(_instance(name, form))
    return instances


def _instance(service: str, form: Mapping[str, Any]) -> Instance:
    return {
        "service": service,
        "instance": form["instance"],
        "version": form["version"],
        "journeys": form["journeys"],
    }
