"""How the dashboard bears a thousand events a second, in a browser: `make bench-live`.

A stack under a steady load; in Chromium the overview and the list of sagas, each on a page of its
own. Once a minute what Chromium keeps after it has collected its garbage.
"""

import argparse
import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from playwright.async_api import Browser, CDPSession, Page, async_playwright

from tests.bench.gateway import Bench, bench_of
from tests.bench.load import Broker
from tests.bench.reporting import Figure, figure, report
from tests.ui.chromium import ARGUMENTS, CHROMIUM

PAGES = {"overview": "/dashboard", "list": "/dashboard/sagas"}
EVENTS_A_SECOND, UPDATES_A_SECOND, FLAT, ANSWER_MS = 1_000, 4.0, 1.1, 100.0
REPORT = Path(".onboarding/reports/bench-live.json")
_TELL = """
window.told = {updates: 0, longest_ms: 0};
document.addEventListener("htmx:after:swap", () => { window.told.updates += 1; });
new PerformanceObserver((list) => {
  for (const one of list.getEntries())
    window.told.longest_ms = Math.max(window.told.longest_ms, one.duration);
}).observe({type: "longtask", buffered: true});
"""
_ANSWER = """async () => {
  const before = performance.now();
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - before;
}"""


@dataclass(frozen=True)
class Asked:
    """How much, for how long."""

    broker: Broker
    rate: int
    minutes: int


@dataclass
class Watched:
    """A page, and what Chromium kept of it, minute by minute."""

    page: Page
    chromium: CDPSession
    heap_mb: list[float]
    nodes: list[float]
    listeners: list[float]
    answers_ms: list[float]

    async def look(self) -> None:
        """After its garbage has been collected; and how long the page takes to draw itself."""
        await self.chromium.send("HeapProfiler.collectGarbage")
        told = (await self.chromium.send("Performance.getMetrics"))["metrics"]
        found = {one["name"]: one["value"] for one in told}
        self.heap_mb.append(found["JSHeapUsedSize"] / 1e6)
        self.nodes.append(found["Nodes"])
        self.listeners.append(found["JSEventListeners"])
        self.answers_ms += [await self.page.evaluate(_ANSWER) for _ in range(20)]


async def measure(asked: Asked) -> list[Figure]:
    """The first minute is left out: until then a page fills."""
    async with bench_of(asked.broker) as bench, _pages(bench) as pages:
        load = asyncio.create_task(bench.load.send_at(asked.rate, 60 * (asked.minutes + 1)))
        await asyncio.sleep(60)
        before, began = await _events(bench), time.monotonic()
        for one in pages.values():
            await one.page.evaluate("window.told.updates = window.told.longest_ms = 0")
            await one.look()
        for minute in range(asked.minutes):
            await asyncio.sleep(max(0.0, began + 60 * (minute + 1) - time.monotonic()))
            for one in pages.values():
                await one.look()
            print(f"minute {minute + 1} of {asked.minutes}", flush=True)
        seconds, events = time.monotonic() - began, await _events(bench) - before
        told = [await _told(name, one, seconds) for name, one in pages.items()]
        load.cancel()
    rate = figure("events that the projection was given", events / seconds, "/s", EVENTS_A_SECOND)
    return [rate, *(one for some in told for one in some)]


async def _told(name: str, one: Watched, seconds: float) -> list[Figure]:
    told = await one.page.evaluate("window.told")
    half = len(one.heap_mb) // 2
    grown = median(one.heap_mb[-half:]) / median(one.heap_mb[:half])
    updates = told["updates"] / seconds
    assert updates, f"{name} was not drawn anew"
    return [
        figure(f"{name}: updates", updates, "/s", UPDATES_A_SECOND, at_most=True),
        figure(f"{name}: heap after a minute", one.heap_mb[0], "MB"),
        figure(f"{name}: heap at the end", one.heap_mb[-1], "MB"),
        figure(f"{name}: heap, the second half to the first", grown, "", FLAT, at_most=True),
        figure(f"{name}: nodes after a minute", one.nodes[0], ""),
        figure(f"{name}: nodes at the end", one.nodes[-1], ""),
        figure(f"{name}: listeners after a minute", one.listeners[0], ""),
        figure(f"{name}: listeners at the end", one.listeners[-1], ""),
        figure(f"{name}: longest task", told["longest_ms"], "ms"),
        figure(
            f"{name}: drawn after it was asked, p95", _p95(one.answers_ms), "ms", ANSWER_MS, True
        ),
    ]


def _p95(times: Sequence[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]


async def _events(bench: Bench) -> int:
    count: int = await bench.load.sagas.database.events.estimated_document_count()
    return count


@asynccontextmanager
async def _pages(bench: Bench) -> AsyncIterator[dict[str, Watched]]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield {name: await _opened(browser, bench, path) for name, path in PAGES.items()}
        await browser.close()


async def _opened(browser: Browser, bench: Bench, path: str) -> Watched:
    """In a window of its own: a page behind another is not drawn."""
    context = await browser.new_context(base_url=bench.url)
    await context.add_init_script(_TELL)
    page = await context.new_page()
    await page.goto(f"/dashboard/login?next={path}")
    await page.get_by_label("API key").fill(bench.headers["X-API-Key"])
    await page.get_by_role("button", name="Log in").click()
    await page.locator("#live").wait_for()
    chromium = await context.new_cdp_session(page)
    await chromium.send("Performance.enable")
    return Watched(page, chromium, [], [], [], [])


def main() -> None:
    """Measure what the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.live", description=__doc__)
    parser.add_argument("--broker", choices=("embedded", "apache"), default="apache")
    parser.add_argument("--rate", type=int, default=145, help="sagas a second, seven events each")
    parser.add_argument("--minutes", type=int, default=10)
    asked = Asked(**vars(parser.parse_args()))
    if not CHROMIUM.exists():
        parser.error(f"no Chromium at {CHROMIUM}: apt-get install --no-install-recommends chromium")
    report(asyncio.run(measure(asked)), REPORT)


if __name__ == "__main__":
    main()
