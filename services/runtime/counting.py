"""Counting and logging what delivery did with each arrival: ids, codes, coordinates, no data."""

from dataclasses import dataclass

import structlog

from contracts.envelope import Event, Record
from services.runtime import metrics
from services.runtime.arrivals import Arrival

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Counting:
    """Counts on the metrics page of a service, and in its log."""

    service: str

    def cell(self, cell: str, arrival: Event | Arrival) -> None:
        """By cell; of an event the ids are logged."""
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
