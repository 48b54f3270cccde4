"""Counting and logging what delivery did with each arrival: ids, codes, coordinates, no data."""

from dataclasses import dataclass

import structlog

from contracts.envelope import Event, Record
from services.runtime import metrics
from services.runtime.arrivals import Arrival
from services.runtime.document import Document

PARKED = {"parked": "step.parked", "undo_parked": "undo.parked"}
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Counting:
    """Counts on the metrics page of a service, and in its log."""

    service: str

    def cell(self, cell: str, arrival: Event | Arrival, after: Document | None = None) -> None:
        """By cell; of an event the ids are logged, and what waits for a person from now on."""
        metrics.CELLS.labels(self.service, cell).inc()
        if isinstance(arrival, Event):
            log.info(
                "event.handled",
                cell=cell,
                type=arrival.name,
                saga_id=arrival.context.saga_id,
                partner_id=arrival.context.partner_id,
                correlation_id=arrival.context.correlation_id,
            )
        if after and after.state in PARKED:
            self._parked(PARKED[after.state], after)

    def dead_letter(self, error_class: str, record: Record) -> None:
        """By error class, with the coordinates of the record."""
        metrics.DEAD_LETTERS.labels(self.service, error_class).inc()
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
            saga_id=document.context.saga_id,
            step=self.service,
            attempts=document.attempts,
            where=document.refusal.reason if document.refusal else "",
        )
