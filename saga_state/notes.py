"""What the projection needs of one event, as a value of its own: kept now, folded later."""

from typing import TypedDict

from contracts.envelope import Event
from saga_state.document import Fact, Origin
from saga_state.facts import HashOf, fact_of, identity_of, origin_of


class Note(TypedDict):
    """Whose saga it is, who says so, and the fact; no personal data."""

    saga_id: str
    tenant_id: str
    identity: str
    origin: Origin
    fact: Fact


def note_of(event: Event, hash_of: HashOf) -> Note:
    """`hash_of` is `partner_hash` with its key."""
    return {
        "saga_id": event.context.saga_id,
        "tenant_id": event.context.tenant_id,
        "identity": identity_of(event.source, event.event_id),
        "origin": origin_of(event),
        "fact": fact_of(event, hash_of),
    }
