"""People in front of browsers: who they are, what they may, what went wrong in their console."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.e2e.running_up import Up, somebody
from tests.integration import starts

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
WAIT_MS = 30_000
STARTS = "onboarding.partner-onboarding-initiated"
# What a browser forbids by the policy of a page is told to nobody else.
_TELL = """addEventListener("securitypolicyviolation",
  (one) => console.error(`CSP ${one.violatedDirective} ${one.blockedURI} ${one.sample}`));"""
_TOO_WIDE = """() => document.scrollingElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll("main *, header *")]
    .filter((one) => !one.closest(".scroll, pre") && one.getBoundingClientRect().right > innerWidth)
    .map((one) => `${one.tagName} ${one.className} ${one.textContent.slice(0, 60)}`)"""
_RUN_AXE = """async () => (await axe.run()).violations.flatMap((one) =>
  one.nodes.map((node) => `${one.id}: ${node.target} ${node.failureSummary}`))"""


@dataclass
class Person:
    """A page that somebody looks at, and the errors of its console so far."""

    page: Page
    errors: list[str] = field(default_factory=list)

    @property
    def context(self) -> BrowserContext:
        return self.page.context

    def barriers(self) -> list[str]:
        """What axe finds on the page as it stands."""
        found: list[str] = self.page.evaluate(_RUN_AXE)
        return found

    def too_wide(self) -> list[str]:
        """What makes the page one that has to be pushed sideways to be read; empty: nothing."""
        found: list[str] = self.page.evaluate(_TOO_WIDE)
        return found


@dataclass(frozen=True)
class House:
    """A running stack, a browser, and a key for each role."""

    up: Up
    browser: Browser
    keys: dict[str, str]

    @property
    def gateway(self) -> str:
        return str(self.up.run["gateway"])

    @contextmanager
    def person(self, role: str | None, **options: Any) -> Iterator[Person]:
        """Logged in with the key of that role; None: nobody. Nothing may be left in the console."""
        context = self.browser.new_context(base_url=self.gateway, **options)
        context.set_default_timeout(WAIT_MS)
        context.add_init_script(_TELL)
        context.add_init_script(path=AXE)
        one = Person(context.new_page())
        one.page.on("console", _noting(one.errors))
        one.page.on("pageerror", lambda error: one.errors.append(str(error)))
        if role is not None:
            one.page.goto("/dashboard/login")
            one.page.get_by_label("API key").fill(self.keys[role])
            one.page.get_by_role("button", name="Log in").click()
            one.page.get_by_role("heading", name="Overview").wait_for()
            one.page.wait_for_load_state()
        yield one
        context.close()
        assert one.errors == [], one.errors

    def start(self, **more: object) -> dict[str, str]:
        """Over REST; the sandbox of the outside systems takes its time if it was told to."""
        body = {"partner_data": somebody(**more)}
        return self.post(f"{self.gateway}/sagas/partner-onboarding", body)

    def slow_down(self, partner_id: str, seconds: float) -> None:
        """Each call to an outside system for that partner takes so long."""
        self._tell({"fault": "slow", "seconds": seconds, "partner_id": partner_id})

    def break_down(self, partner_id: str) -> None:
        """Each call to an outside system for that partner is answered by 500."""
        self._tell({"fault": "error", "partner_id": partner_id})

    def _tell(self, fault: dict[str, object]) -> None:
        self.post(f"{self.up.run['platform']}/faults", fault)

    def poison(self) -> None:
        """A start that no service can read, from a producer that knows Kafka only."""
        broken = starts.start().with_value(b'{"partner_data": {"nombre": ')
        sent = starts.send(str(self.up.run["kafka"]), STARTS, broken)
        with ThreadPoolExecutor() as other:  # a loop of the browser's runs in this one
            other.submit(asyncio.run, sent).result()

    def post(self, address: str, body: object) -> Any:
        headers = {"X-API-Key": self.keys["admin"], "Content-Type": "application/json"}
        asked = urllib.request.Request(address, json.dumps(body).encode(), headers, method="POST")
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return json.loads(answer.read() or b"null")


def _noting(errors: list[str]) -> Callable[[ConsoleMessage], None]:
    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            errors.append(message.text)

    return note
