"""Counting and logging what delivery did with each event: ids, codes, coordinates, no data."""

from collections.abc import Callable

import structlog

from contracts.envelope import Event, Record
from services.runtime import metrics

log = structlog.get_logger()


def counter_of(service: str) -> Callable[[str, Event | Record], None]:
    """What delivery calls with the cell of the table, or with an error class and the record."""

    def count(cell: str, item: Event | Record) -> None:
        if isinstance(item, Record):
            _dead_letter(service, cell, item)
        elif cell.isupper():
            _dead_letter(service, cell, item.record)
        else:
            metrics.EVENTS.labels(service, cell).inc()
            log.info(
                "event.handled",
                cell=cell,
                type=item.name,
                saga_id=item.context.saga_id,
                partner_id=item.context.partner_id,
                correlation_id=item.context.correlation_id,
            )

    return count


def _dead_letter(service: str, error_class: str, record: Record) -> None:
    metrics.DEAD_LETTERS.labels(service, error_class).inc()
    log.warning(
        "record.dead_letter",
        error_class=error_class,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
    )
