"""How much of what was said a page shows: no more than a browser bears."""

from collections.abc import Iterable, Iterator

from contracts.masking import masked_data
from saga_state.document import StoredEvent
from services.gateway.dashboard.words import pretty
from services.gateway.replies import json_bytes

ONE_MAX, ALL_MAX = 16 * 1024, 1024 * 1024  # bytes


def texts_of(events: Iterable[StoredEvent]) -> Iterator[str | None]:
    """The masked data of each as text; None where it is too large to be shown, in itself or after
    those before it."""
    left = ALL_MAX
    for one in events:
        text = _text_of(one)
        size = len(text.encode()) if text is not None else 0
        if size > left:
            yield None
            continue
        left -= size
        yield text


def _text_of(event: StoredEvent) -> str | None:
    """What is large as it came is not masked first: that would take long. And what is small can
    be large on the page, by what stands before each line."""
    if len(json_bytes(event["data"])) > ONE_MAX:
        return None
    text = pretty(masked_data(event["type"], event["data"]))
    return text if len(text.encode()) <= ONE_MAX else None
