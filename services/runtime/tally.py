"""What the metrics of a step make of the cells that its arrivals met.

Once for each event, on the hot path: children are looked up once, and what most events do not
lead to costs a comparison.
"""

from datetime import datetime

from contracts import poison
from contracts.envelope import Event
from contracts.events import CompensationCompleted
from contracts.journey import rows_of
from contracts.topics import event_topic
from services.runtime import metrics
from services.runtime.arrivals import Arrival
from services.runtime.document import Document
from services.runtime.hearing import topics_of
from services.runtime.metrics import Children
from services.runtime.part import Part
from services.runtime.protocol import TABLE
from services.runtime.saying import TIMEOUT

REDRIVE_ID = "dlq_redrive_id"  # the last header of a dead letter that was sent again
ENDS = ("done", "rejected", "timed_out")


class Tally:
    """The metrics of one step. Times are of the database's clock, as all that is decided by."""

    def __init__(self, part: Part) -> None:
        name, self._part = part.name, part
        self._undone_topic = event_topic(CompensationCompleted.__name__, part.prefix)
        self._cells = Children(lambda cell: metrics.CELLS.labels(name, cell))
        self._latency = Children(lambda topic: metrics.EVENT_LATENCY.labels(name, topic))
        self._durations = Children(lambda outcome: metrics.STEP_DURATION.labels(name, outcome))
        self._wait = metrics.STEP_WAIT.labels(name)
        self._letters = metrics.REDRIVEN.labels(name, "letter")
        self._done = metrics.OUTCOMES.labels(name, name, "done", "")
        self._begin()

    def cell(self, cell: str, arrival: Event | Arrival, after: Document | None = None) -> None:
        """An arrival met this cell, which changed the document to this one."""
        self._cells[cell].inc()
        now = self._part.now()
        if isinstance(arrival, Event):
            self._latency[arrival.record.topic].observe(_between(arrival.time, now))
            headers = arrival.record.headers
            if headers and headers[-1][0] == REDRIVE_ID:
                self._letters.inc()
        if after is not None:
            self._changed(cell, after, now)
            if cell == "do, absent" and after.trigger:
                self._wait.observe(_between(after.trigger.time, after.decided_at))

    def _changed(self, cell: str, after: Document, now: datetime) -> None:
        row, _, before = cell.rpartition(", ")
        match row:
            case "do" | "answer" | "try":
                self._answered(before, after, now)
            case "deadline":
                self._expired("deadline")
                self._ended("timed_out", TIMEOUT, after, now)
            case "watch":
                self._expired("watch")
                self._spoke_for_the_next(after)
            case "redrive":
                what = "do" if before == "parked" else "undo"
                metrics.REDRIVEN.labels(self._part.name, what).inc()
        if row != "do":
            self._undone(before, after)

    def _answered(self, before: str, after: Document, now: datetime) -> None:
        if after.state == before:
            return
        if after.state == "done":
            self._done.inc()
            self._durations["done"].observe(_asked(after, now))
        elif after.state == "rejected":
            self._ended("rejected", after.refusal.code if after.refusal else "", after, now)
        elif after.state == "parked":
            self._outcome("parked", poison.BUG)
            metrics.PARKED.labels(self._part.name, "do").inc()

    def _undone(self, before: str, after: Document) -> None:
        if (before, after.state) == ("absent", "blocked"):
            self._outcome("blocked", "")
        name, last = self._part.name, after.outbox[-1].topic if after.outbox else None
        if after.state == "undo_parked" and before != "undo_parked":
            metrics.UNDOS.labels(name, "parked").inc()
            metrics.PARKED.labels(name, "undo").inc()
        elif after.state == "undone" and before != "undone":
            outcome = "resolved_by_operator" if after.resolving else "undone"
            metrics.UNDOS.labels(name, outcome).inc()
        elif after.state in ("blocked", "rejected") and last == self._undone_topic:
            metrics.UNDOS.labels(name, "nothing_to_undo").inc()

    def _ended(self, outcome: str, code: str, after: Document, now: datetime) -> None:
        self._outcome(outcome, code)
        self._durations[outcome].observe(_asked(after, now))

    def _outcome(self, outcome: str, code: str) -> None:
        metrics.OUTCOMES.labels(self._part.name, self._part.name, outcome, code).inc()

    def _expired(self, what: str) -> None:
        metrics.EXPIRIES.labels(self._part.name, what).inc()

    def _spoke_for_the_next(self, after: Document) -> None:
        journey = self._part.journey_of(after.context)
        silent = journey.after(self._part.name) if journey else None
        if silent is not None:
            metrics.OUTCOMES.labels(self._part.name, silent.name, "timed_out", TIMEOUT).inc()

    def _begin(self) -> None:
        """Every series that is known from the start is there, at 0: the first one counts then."""
        part, name = self._part, self._part.name
        for row, cells in TABLE.items():
            for state in cells:
                self._cells[f"{row}, {state}"]
        for topic in topics_of(name, part.journeys, part.prefix):
            self._latency[topic]
        for outcome in ENDS:
            self._durations[outcome]
        nos = [("rejected", code) for code in part.service.says_no_with]
        for outcome, code in (
            ("timed_out", TIMEOUT),
            ("parked", poison.BUG),
            ("blocked", ""),
            *nos,
        ):
            metrics.OUTCOMES.labels(name, name, outcome, code)
        for journey, _ in rows_of(name, part.journeys.values()):
            if (after := journey.after(name)) is not None:
                metrics.OUTCOMES.labels(name, after.name, "timed_out", TIMEOUT)
        _at_zero(name)


def _at_zero(name: str) -> None:
    for outcome in ("undone", "nothing_to_undo", "resolved_by_operator", "parked"):
        metrics.UNDOS.labels(name, outcome)
    for what in ("do", "undo"):
        for metric in (metrics.RETRIES, metrics.PARKED, metrics.REDRIVEN, metrics.CALL_SECONDS):
            metric.labels(name, what)
        for answer in ("yes", "no", "later", "bug"):
            metrics.CALLS.labels(name, what, answer)
    for what in ("deadline", "watch"):
        metrics.EXPIRIES.labels(name, what)
    metrics.RESENT.labels(name)
    metrics.OUTBOX_AGE.labels(name)


def _asked(after: Document, now: datetime) -> float:
    return _between(after.trigger.time, now) if after.trigger else 0.0


def _between(start: datetime, end: datetime) -> float:
    """0 where clocks disagree on what came first."""
    return max(0.0, (end - start).total_seconds())
