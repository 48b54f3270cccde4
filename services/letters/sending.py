"""Sends letters to their topics again, or has them count as dealt with.

What was done is marked on the dead letter topics themselves, chunk by chunk, after it was done. So
the same act again goes on where one was broken off; at worst a chunk is sent twice, which is
harmless, for what is sent has its old ids.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from uuid import uuid4

from contracts.envelope import Message, binary, source_of, time_text
from contracts.operator import RedriveRequested, ResolveRequested
from services.letters.chosen import Act, Pile
from services.letters.letter import REDRIVE_ID, Letter, mark_of

CHUNK = 100
Send = Callable[[Sequence[Message]], Awaitable[None]]


async def as_they_are(piles: Sequence[Pile]) -> Sequence[Pile]:
    """Of letters that were read whole."""
    return piles


async def in_chunks(
    chosen: Sequence[Pile],
    act: Act,
    redrive_id: str,
    send: Send,
    tell: Callable[[int], None],
    whole: Callable[[Sequence[Pile]], Awaitable[Sequence[Pile]]] = as_they_are,
) -> None:
    """All, chunk by chunk; `tell` hears how many are done. Whatever `send` raises, too. `whole`:
    the same piles with what was not read of their records."""
    for first in range(0, len(chosen), CHUNK):
        some = await whole(chosen[first : first + CHUNK])
        await deal_with(some, act, redrive_id, send)
        tell(min(first + CHUNK, len(chosen)))


async def deal_with(piles: Sequence[Pile], act: Act, redrive_id: str, send: Send) -> None:
    """Send, and when all is acknowledged the marks; a wish is its own mark."""
    now = datetime.now(UTC)
    if act.what == "redriven":
        await send([redriven(pile[0], act, redrive_id, now) for pile in piles])
    letters = [one for pile in piles for one in pile]
    marked = [one for one in letters if one.parked is None or act.what == "discarded"]
    at = time_text(now)
    await send([mark_of(one, act.what, redrive_id, act.reason, act.by, at) for one in marked])


def redriven(letter: Letter, act: Act, redrive_id: str, now: datetime) -> Message:
    """The record for its own topic again, headers untouched; or the wish for a parked step."""
    if letter.parked is None:
        kept = tuple(pair for pair in letter.headers if pair[0] != REDRIVE_ID)
        record, headers = letter.record, (*kept, (REDRIVE_ID, redrive_id.encode()))
        return Message(letter.id, letter.told["dlq_topic"], record.key, record.value, headers)
    data = RedriveRequested(step=letter.service, reason=act.reason, requested_by=act.by)
    context, cause = letter.parked.context, letter.parked.event_id
    topic, source = letter.record.topic, source_of(act.way)
    return binary(topic, str(uuid4()), source, now, data, context, cause)


def resolved(letter: Letter, reason: str, by: str, way: str, now: datetime) -> Message:
    """That the undo, which is parked there, was done by hand."""
    assert letter.parked is not None
    data = ResolveRequested(step=letter.service, reason=reason, requested_by=by)
    context, cause = letter.parked.context, letter.parked.event_id
    topic, source = letter.record.topic, source_of(way)
    return binary(topic, str(uuid4()), source, now, data, context, cause)
