"""What a page of a list costs by each of its filters, and how MongoDB finds it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx

from contracts.journey import JOURNEYS
from saga_state.document import statuses
from services.gateway.answers import STEPS
from tests.bench import wrk
from tests.bench.gateway_rows import CODES, OLDEST, correlation_id, partner_id, saga_id
from tests.bench.reporting import Figure, figure

PAGE_MS = 50.0
SAMPLES = 20  # values of a filter that has any number of them
PROFILED, NOT_PROFILED = 2, 0
Asked = Sequence[dict[str, str]]


def filters(rows: int) -> Mapping[str, Asked]:
    """By the name of a filter the questions that are asked with it alone."""
    now = datetime.now(UTC)
    times = [_text(now - OLDEST * (share / SAMPLES)) for share in range(1, SAMPLES)]
    numbers = [rows * share // SAMPLES for share in range(SAMPLES)]
    ids = [saga_id(one)[:13] for one in numbers] + [partner_id(one) for one in numbers]
    return {
        "status": [{"status": one} for one in statuses()],
        "step": [{"step": one} for one in STEPS],
        "journey": [{"journey": one.name} for one in JOURNEYS.values()],
        "failure_code": [{"failure_code": one} for one in CODES],
        "started_from": [{"started_from": one} for one in times],
        "started_until": [{"started_until": one} for one in times],
        "updated_from": [{"updated_from": one} for one in times],
        "updated_until": [{"updated_until": one} for one in times],
        "overdue": [{"overdue": "true"}],
        "text": [{"text": one} for one in (*ids, *map(correlation_id, numbers), "partner-")],
        "none": [{}],
    }


async def measure(
    sagas: Any, url: str, headers: wrk.Headers, rows: int, seconds: int
) -> list[Figure]:
    """The 99th percentile of each filter, one client asking; then what MongoDB did for it."""
    figures = []
    for name, asked in filters(rows).items():
        paths = [f"/sagas?{urlencode(one)}" for one in asked]
        label = f"a page of 50 of {rows:,} by {name}, p99"
        p99_ms = await slowest_ms(url, paths, headers, seconds)
        figures.append(figure(label, p99_ms, "ms", PAGE_MS, at_most=True))
    bad = await _badly_found(sagas, url, headers, rows)
    return [*figures, figure("pages that MongoDB scans all for, or sorts", bad, "", 0, True)]


async def slowest_ms(url: str, paths: Sequence[str], headers: wrk.Headers, seconds: int) -> float:
    """The 99th percentile of these in turn, one client asking. AssertionError if one failed."""
    await wrk.run(url, wrk.asking(paths, headers), 1, 1)  # what lies in memory is what is asked
    told = await wrk.run(url, wrk.asking(paths, headers), 1, seconds)
    assert not told.errors, f"{told.errors} of {told.requests} failed, of {paths[0]} and more"
    return told.p99_ms


async def _badly_found(sagas: Any, url: str, headers: wrk.Headers, rows: int) -> int:
    """How many of MongoDB's own records of the questions tell of a scan or a sort."""
    database = sagas.database
    asked = [one for some in filters(rows).values() for one in some]
    await database.command("profile", PROFILED)
    async with httpx.AsyncClient(base_url=url, headers=dict(headers), timeout=30) as client:
        for one in asked:
            (await client.get("/sagas", params=one)).raise_for_status()
    await database.command("profile", NOT_PROFILED)
    of_pages = {"ns": f"{database.name}.{sagas.name}", "op": "query", "command.hint": {"$ne": None}}
    count: int = await database["system.profile"].count_documents(of_pages)
    assert count >= len(asked), f"MongoDB recorded {count} questions of {len(asked)}"
    bad = {"$or": [{"planSummary": {"$not": {"$regex": "^IXSCAN"}}}, {"hasSortStage": True}]}
    found: int = await database["system.profile"].count_documents({**of_pages, **bad})
    return found


def _text(at: datetime) -> str:
    return f"{at.replace(tzinfo=None).isoformat(timespec='seconds')}Z"
