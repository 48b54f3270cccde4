"""Sagas and their events as JSON for programs: the documented fields, without internal ones."""

from collections.abc import Iterable
from typing import Any

from saga_state.document import Saga, StoredEvent

_INTERNAL = frozenset({"_id", "facts", "revision"})
_INTERNAL_OF_EVENT = frozenset({"_id", "digest", "data"})


def saga_json(saga: Saga) -> dict[str, Any]:
    """The document of `saga_state.sagas`; its `_id` is called `saga_id`."""
    told = {name: value for name, value in saga.items() if name not in _INTERNAL}
    return {"saga_id": saga["_id"], **told}


def sagas_json(sagas: Iterable[Saga]) -> list[dict[str, Any]]:
    """Each saga, in the order given."""
    return [saga_json(saga) for saga in sagas]


def event_json(event: StoredEvent, with_data: bool) -> dict[str, Any]:
    """The document of `saga_state.events`; `data` may be personal, so it is asked for."""
    told = {name: value for name, value in event.items() if name not in _INTERNAL_OF_EVENT}
    return {**told, "data": event["data"]} if with_data else told
