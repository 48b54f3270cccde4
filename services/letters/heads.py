"""What is kept of a dead letter where many are kept: what tells whose it is, and of what kind."""

from dataclasses import replace

from contracts.envelope import Record
from contracts.operator import came_and_told
from services.letters.letter import REDRIVE_ID, Letter

_LONGEST = 256  # bytes: more than are shown of an id, or can be asked for
_TOLD_BY = ("ce_type", "ce_sagaid", "ce_tenantid", "content-type", REDRIVE_ID)


def head_of(record: Record) -> Record:
    """A copy without what is large: of the headers that its record came with those that letters
    are told by, their last values, cut; and what was added. A parking is told in its value."""
    came, told = came_and_told(record.headers)
    if not told:
        return record
    last: dict[str, bytes] = {}
    for name, text in came:
        if (lower := name.lower()) in _TOLD_BY:
            last.pop(lower, None)  # the last of all counts, whatever its case
            last[lower] = (text or b"")[:_LONGEST]
    return replace(record, key=None, value=None, headers=(*last.items(), *told))


def whole_of(letter: Letter, record: Record) -> Letter:
    """A letter that was told by the head of this record."""
    return replace(letter, record=record, headers=came_and_told(record.headers)[0])
