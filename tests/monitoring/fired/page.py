"""docs/alerts-fired.md: what a whole run saw."""

import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import psutil

from tests.monitoring.alert_rules import alerts
from tests.monitoring.fired.firing import Fired
from tests.monitoring.fired.healthy import Healthy
from tests.monitoring.fired.stage import SHORTER
from tests.sources import ROOT

PAGE = ROOT / "docs/alerts-fired.md"
HEAD = """\
# Alerts that were fired

Each alert of `deploy/monitoring/alerts.yaml` was fired once by its cause, in a running stack that a real
Prometheus watched: `make alerts-report`, {day}, {cores} cores, {memory} GiB. It writes this page.

Windows and waits (`for`) of the rules are {shorter} times shorter here; what is a threshold stays: a lag of a
minute takes one, an undo that stands still a quarter of an hour. The gateway looks every 15 s, as always.
The rules as they are shipped are played by promtool (`tests/monitoring/test_alerts.py`). What to do when one
fires: [the runbook](runbook.md#alerts).

A healthy run, on a stack of its own: {starts} starts in {seconds:.0f} s, one each second; {completed} sagas were COMPLETED,
{fired}{pending}.

| alert | cause | fires after | what it says | mended by | silent after |
|---|---|---|---|---|---|
"""
FOOT = """
"Fires after" counts from when the cause was there, "silent after" from when the mending began (a process takes some
seconds to be ready). An alert about something that happened (an increase within 15 minutes) is silent when its window
has passed; "before": it was so when the mending began.
"""


def page(healthy: Healthy, fired: Iterable[Fired], now: datetime) -> str:
    """In the order of alerts.yaml."""
    by_name = {one.alert: one for one in fired}
    head = HEAD.format(
        day=f"{now:%Y-%m-%d}", cores=os.cpu_count(), shorter=SHORTER,
        memory=round(psutil.virtual_memory().total / 2**30),
        starts=healthy.starts, seconds=healthy.seconds, completed=healthy.completed,
        fired="no alert fired" if not healthy.fired else "FIRED: " + ", ".join(healthy.fired),
        pending=_pending(healthy),
    )  # fmt: skip
    return head + "".join(f"{_row(by_name[name])}\n" for name in alerts()) + FOOT


def write_page(healthy: Healthy, fired: Iterable[Fired]) -> None:
    PAGE.write_text(page(healthy, fired, datetime.now(UTC)))


def alerts_on(text: str) -> list[str]:
    """The alerts that have a row."""
    rows = [line for line in text.splitlines() if line.startswith("| Onboarding")]
    return [row.split("|")[1].strip() for row in rows]


def missing(fired: Mapping[str, object]) -> list[str]:
    """The alerts that have not fired, or went on."""
    return [name for name in alerts() if name not in fired]


def _row(one: Fired) -> str:
    silent = f"{one.silent_seconds:.0f} s" if one.silent_seconds else "before"
    mended = one.mended or "by itself"
    cells = (one.alert, one.cause, f"{one.fired_seconds:.0f} s", one.summary, mended, silent)
    return f"| {' | '.join(cells)} |"


def _pending(healthy: Healthy) -> str:
    if not healthy.pending:
        return " and none was about to"
    return f"; about to for a moment (pending): {', '.join(healthy.pending)}"
