"""Counting and logging what delivery did with each arrival: ids, codes, coordinates, no data."""

from collections.abc import Mapping

import structlog

from contracts.envelope import Context, Event, Record
from contracts.poison import ERROR_CLASSES
from services.runtime import metrics
from services.runtime.arrivals import Arrival
from services.runtime.document import Document
from services.runtime.metrics import Children
from services.runtime.tally import Tally

PARKED = {"parked": "step.parked", "undo_parked": "undo.parked"}
log = structlog.get_logger()


class Counting:
    """Counts on the metrics page of a service, and in its log. `tally`: of a step."""

    def __init__(self, service: str, tally: Tally | None = None) -> None:
        self._service, self._tally = service, tally
        self._dead = Children(lambda error: metrics.DEAD_LETTERS.labels(service, error))
        for error_class in ERROR_CLASSES:
            self._dead[error_class]

    def cell(self, cell: str, arrival: Event | Arrival, after: Document | None = None) -> None:
        """By cell; of an event the ids are logged, and what waits for a person from now on."""
        if self._tally is not None:
            self._tally.cell(cell, arrival, after)
        if isinstance(arrival, Event):
            log.info("event.handled", cell=cell, type=arrival.name, **ids_of_event(arrival))
        if after and after.state in PARKED:
            self._parked(PARKED[after.state], after)

    def dead_letter(self, error_class: str, record: Record) -> None:
        """By error class, with the coordinates of the record."""
        self._dead[error_class].inc()
        log.warning(
            "record.dead_letter",
            error_class=error_class,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
        )

    def _parked(self, event: str, document: Document) -> None:
        log.warning(
            event,
            **ids_of(document.context),
            **trace_of(document.trigger.traceparent if document.trigger else None),
            step=self._service,
            attempts=document.attempts,
            where=document.refusal.reason if document.refusal else "",
        )


def ids_of(context: Context) -> Mapping[str, str]:
    """Whose saga it is, as every line about one has it. The step is the `service` of the line."""
    return {
        "saga_id": context.saga_id,
        "partner_id": context.partner_id,
        "correlation_id": context.correlation_id,
        "tenant_id": context.tenant_id,
    }


def ids_of_event(event: Event) -> Mapping[str, str | None]:
    """The same of an event, with its own id and its cause."""
    own = {"event_id": event.event_id, "causation_id": event.causation_id}
    return {**ids_of(event.context), **own, **trace_of(event.traceparent)}


def trace_of(traceparent: str | None) -> Mapping[str, str]:
    """The trace that a W3C traceparent names, if there is one."""
    parts = (traceparent or "").split("-")
    return {"trace_id": parts[1]} if len(parts) >= 4 else {}
