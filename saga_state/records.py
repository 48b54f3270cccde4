"""An event as `saga_state.events` keeps it, and which of two records of one identity it keeps."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from contracts.envelope import Event
from saga_state.document import StoredEvent
from saga_state.facts import identity_of, whole_ms

ORDER = ("time", "type", "partition", "offset")  # the record that comes first by these is kept
SAME = ("type", "version", "saga_id", "tenant_id", "digest")  # differ: an id was used twice
# In the text of what does not fit, and rarely elsewhere; base64 hides it.
_SUSPECT = re.compile(rb'"\$|\\u00|[0-9]{19}|"data_base64"')
_INT64 = 1 << 63
_CAUSE_MAX = 1024


def stored_form(event: Event, recorded_at: datetime) -> StoredEvent:
    """The document of an event. `recorded_at` is not compared: it differs at each projection."""
    context, record = event.context, event.record
    return {
        "_id": identity_of(event.source, event.event_id),
        "event_id": event.event_id,
        "saga_id": context.saga_id,
        "tenant_id": context.tenant_id,
        "type": event.name,
        "version": event.version,
        "source": event.source,
        "time": whole_ms(event.time),
        "causation_id": event.causation_id[:_CAUSE_MAX] if event.causation_id else None,
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": _key(record.key),
        "data": event.body if fits_bson(event) else json.dumps(event.body),
        "recorded_at": whole_ms(recorded_at),
        "digest": event.digest,
    }


def order_of(stored: StoredEvent) -> tuple[datetime, str, int, int]:
    """The place of a record among those of its identity: facts.record_order says the same."""
    return stored["time"], stored["type"], stored["partition"], stored["offset"]


def same_event(one: StoredEvent, other: StoredEvent) -> bool:
    """Whether two records of one identity are one event; else the identity was used twice.

    Times may differ: of a hand-made message without `ce_time` it is the broker's.
    """
    mine = (one["type"], one["version"], one["saga_id"], one["tenant_id"], one["digest"])
    return mine == (
        other["type"],
        other["version"],
        other["saga_id"],
        other["tenant_id"],
        other["digest"],
    )


def fits_bson(event: Event) -> bool:
    """Whether MongoDB can keep the body as an object and give it back as it was.

    Not: integers of more than 64 bits, NUL in a name, names with `$` (`$ref` would come back as a
    reference). Nesting is no matter: what is too deep for BSON is not readable (reading.py).
    """
    return not _SUSPECT.search(event.record.value or b"") or _fits(event.body)


def _fits(body: Mapping[str, Any]) -> bool:
    level: Sequence[Any] = [body]
    while level:
        if not all(map(_is_storable, level)):
            return False
        level = [item for value in level for item in _items(value)]
    return True


def _items(value: Any) -> Sequence[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else ()


def _is_storable(value: Any) -> bool:
    if isinstance(value, int):
        return -_INT64 <= value < _INT64
    if isinstance(value, dict):
        return all("\0" not in name and not name.startswith("$") for name in value)
    return True


def _key(key: bytes | None) -> str | bytes | None:
    try:
        return key.decode() if key is not None else None
    except UnicodeDecodeError:
        return key
