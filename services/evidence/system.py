"""What services and outside systems tell of themselves, and the world that all adds up to."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from saga_state.why.facts import (
    NOT_ASKED,
    Calls,
    Outside,
    Page,
    Process,
    Service,
    Unknown,
    World,
)
from services.evidence.log import LogFacts
from services.evidence.probes import is_open, page_of
from services.evidence.sources import Sources, parts
from services.runtime.settings import Settings
from services.steps import all_steps


@dataclass(frozen=True, slots=True)
class Signs:
    """By service. `pages` None: no stack of this machine is known."""

    processes: Mapping[str, tuple[Process, ...] | Unknown]
    calls: Mapping[str, Calls | Unknown]
    reached: Mapping[str, bool | None]
    pages: tuple[Page, ...] | None


async def signs_of(
    sources: Sources,
    services: Iterable[str],
    acting: Iterable[str],
    now: datetime,
    tenant_id: str = "",
) -> Signs:
    """Of these services; `acting` are the steps that must do or undo something for a tenant."""
    store, seconds = sources.store, sources.seconds
    processes, calls, reached, pages = await asyncio.gather(
        parts({name: store.processes(name, now) for name in services}, seconds),
        parts({name: store.calls(name, tenant_id) for name in acting}, seconds),
        _reached(sources.settings, acting),
        pages_of(sources),
    )
    return Signs(processes, calls, reached, pages)


async def pages_of(sources: Sources) -> tuple[Page, ...] | None:
    """What the processes of this machine answer."""
    if sources.pages is None:
        return None
    asked = [page_of(name, url) for name, url in sources.pages.items()]
    return tuple(await asyncio.gather(*asked))


def world_of(settings: Settings, now: datetime, log: LogFacts, signs: Signs) -> World:
    """All of it, but for the sagas."""
    names = {*signs.processes, *log.groups}
    return World(
        now=now,
        services={name: _service(name, log, signs) for name in names},
        kafka=log.away,
        missing_topics=log.missing,
        ends=log.ends,
        rates=log.rates,
        outside={
            step.name: Outside(
                step.outside_no.code if step.outside_no else None, signs.reached.get(step.name)
            )
            for step in all_steps()
        },
        prefix=settings.prefix,
        call_seconds=settings.call_timeout_seconds,
    )


def services_by_page(pages: Iterable[Page]) -> dict[str, list[Page]]:
    """The pages of each service: `documents-2` is a second worker of documents."""
    found: dict[str, list[Page]] = {}
    for page in pages:
        name = page.process.partition("-")[0].replace("_", "-")
        found.setdefault(name, []).append(page)
    return found


def _service(name: str, log: LogFacts, signs: Signs) -> Service:
    pages = None if signs.pages is None else services_by_page(signs.pages).get(name, [])
    return Service(
        name,
        processes=signs.processes.get(name, NOT_ASKED),
        pages=None if pages is None else tuple(pages),
        group=log.groups.get(name, NOT_ASKED),
        calls=signs.calls.get(name, NOT_ASKED),
        stands=log.stands.get(name, NOT_ASKED),
    )


async def _reached(settings: Settings, acting: Iterable[str]) -> dict[str, bool | None]:
    """Whether the outside systems whose addresses are known here take connections."""
    urls = {name: url for name in acting if (url := settings.url_of(name)) is not None}
    found = await asyncio.gather(*(is_open(url) for url in urls.values()))
    return dict(zip(urls, found, strict=True))
