"""What stands on the dead letter topics, for a person: letters, and what became of them.

A letter is a copy of a record that could not be read, or a parked step (StepParked). Marks on the
same topic say which letters were redriven or discarded: nothing is ever deleted.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from contracts import poison
from contracts.envelope import Event, Headers, Message, Record, time_text
from contracts.operator import (
    DEAD_LETTER_ID,
    RedriveRequested,
    StepParked,
    Wished,
    came_and_told,
    read_operator_event,
)
from contracts.reading import Reader
from saga_state.document import Saga

MARK, REDRIVE_ID = "dlq_mark", "dlq_redrive_id"
PARKINGS = ("PARKED", "UNDO_PARKED")  # beside the classes of what cannot be read
STRUCTURED = "application/cloudevents"
Marked = Literal["redriven", "discarded"]
Wishes = Mapping[tuple[str, str, str], Sequence[Event]]  # by topic, tenant and saga
Now = Literal["open", "redriven", "resolved", "discarded", "over", "copy"]
"""over: the saga went on without a person. copy: of a parked step's record; the step is listed."""


@dataclass(frozen=True, slots=True)
class Letter:
    """`id`: `dlq_id`, or the event id of the parking. `told`: the headers that were added to it.
    `headers`: those that the record came with. `at`: when the record stood there, or was parked.
    """

    record: Record
    id: str
    service: str
    error_class: str
    error: str
    attempts: int
    at: datetime
    headers: Headers
    told: Mapping[str, str]
    parked: Event | None = None
    now: Now = "open"
    mark: Mapping[str, str] | None = None

    @property
    def place(self) -> str:
        """Where it stands itself."""
        return f"{self.record.topic}/{self.record.partition}/{self.record.offset}"

    @property
    def came_from(self) -> str:
        """Where the record stood that it is a copy of; of a parked step nothing."""
        if self.parked:
            return ""
        return "/".join(self.told.get(f"dlq_{name}", "") for name in _PLACE)

    @property
    def saga_id(self) -> str:
        """Empty where the record names none."""
        if self.parked:
            return self.parked.context.saga_id
        return header_text(self.headers, "ce_sagaid")

    @property
    def tenant_id(self) -> str:
        """Whose record it is; of one that names none, as a start without it: the default one's.
        Empty: it may be told in the value, which nobody could read (CloudEvents, structured mode).
        Hand-made records may be in that mode and not say so: contracts/attributes.py."""
        if self.parked:
            return self.parked.context.tenant_id
        structured = header_text(self.headers, "content-type").lower().startswith(STRUCTURED)
        if structured or not header_text(self.headers, "ce_type"):
            return ""
        told = header_text(self.headers, "ce_tenantid")
        return told if told and _ID.fullmatch(told) else "default"

    @property
    def was_redriven(self) -> bool:
        """Whether the record had been redriven before it came here: again would be a loop."""
        return any(name == REDRIVE_ID for name, _ in self.headers)

    @property
    def left_out(self) -> str:
        """Which parts were too large to be copied; empty if it is whole."""
        parts = (
            name for name in ("value", "headers", "key") if f"dlq_{name}_left_out" in self.told
        )
        return ", ".join(parts)

    @property
    def row(self) -> dict[str, Any]:
        """One line of a list; no personal data."""
        return {
            "id": self.id,
            "service": self.service,
            "class": self.error_class,
            "state": self.now,
            "at": self.at,
            "saga_id": self.saga_id if _ID.fullmatch(self.saga_id) else "***",
            "place": self.place,
            "error": self.error,
        }


def letters_in(records: Sequence[Record], reader: Reader) -> list[Letter]:
    """All letters, in the order of the records, each once, with what became of it."""
    found: dict[tuple[str, str], Letter] = {}
    marks: dict[tuple[str, str], Mapping[str, str]] = {}
    wishes = defaultdict[tuple[str, str, str], list[Event]](list)
    for record in records:
        told = _told(record)
        if MARK in told and "dlq_error_class" not in told:
            marks[record.topic, told[DEAD_LETTER_ID]] = told
        elif DEAD_LETTER_ID in told:
            found.setdefault((record.topic, told[DEAD_LETTER_ID]), _copy(record, told))
        elif event := read_operator_event(record, reader):
            if isinstance(event.data, Wished):
                wishes[_whose(event)].append(event)
            else:
                found.setdefault((record.topic, event.event_id), _parking(event))
    return [_became(one, marks.get(key), wishes) for key, one in found.items()]


def with_sagas(letters: Iterable[Letter], sagas: Mapping[str, Saga]) -> list[Letter]:
    """The same, with the parkings over whose sagas went on by themselves."""
    return [
        replace(one, now="over") if one.now == "open" and _is_over(one, sagas) else one
        for one in letters
    ]


def mark_of(letter: Letter, what: Marked, redrive_id: str, why: str, by: str, at: str) -> Message:
    """A mark for the letter's own topic; it may lie in another partition, and is always younger."""
    told = {
        DEAD_LETTER_ID: letter.id,
        MARK: what,
        REDRIVE_ID: redrive_id,
        "dlq_reason": why,
        "dlq_by": by,
        "dlq_at": at,
    }
    headers = tuple((name, text.encode()) for name, text in told.items())
    return Message(f"{letter.id}-{what}", letter.record.topic, letter.id.encode(), None, headers)


def header_text(headers: Headers, name: str) -> str:
    """The last header of that name as text; empty if there is none."""
    found = [value for other, value in headers if other.lower() == name]
    return (found[-1] or b"").decode(errors="replace") if found else ""


def _told(record: Record) -> dict[str, str]:
    """What we wrote."""
    added = came_and_told(record.headers)[1]
    return {name: (text or b"").decode(errors="replace") for name, text in added}


def _copy(record: Record, told: Mapping[str, str]) -> Letter:
    error_class = told.get("dlq_error_class", "")
    return Letter(
        record=record,
        id=told[DEAD_LETTER_ID],
        service=told.get("dlq_service", ""),
        error_class=error_class,
        error=told.get("dlq_error", ""),
        attempts=_number(told.get("dlq_attempts", "1")),
        at=datetime.fromtimestamp(_number(told.get("dlq_time", "0")) / 1000, UTC),
        headers=came_and_told(record.headers)[0],
        told=told,
        now="copy" if error_class == poison.BUG else "open",
    )


def _parking(event: Event) -> Letter:
    data = event.data
    assert isinstance(data, StepParked)
    return Letter(
        record=event.record,
        id=event.event_id,
        service=data.step,
        error_class=data.state.upper(),
        error=data.where,
        attempts=data.attempts,
        at=event.time,
        headers=event.record.headers,
        told={},
        parked=event,
    )


def _became(letter: Letter, mark: Mapping[str, str] | None, wishes: Wishes) -> Letter:
    if letter.parked and (wish := _answer(letter.parked, wishes)):
        told = {"dlq_reason": wish.body["reason"], "dlq_by": wish.body["requested_by"]}
        now: Now = "redriven" if isinstance(wish.data, RedriveRequested) else "resolved"
        return replace(letter, now=now, mark={**told, "dlq_at": time_text(wish.time)})
    if mark is None:
        return letter
    return replace(letter, now="discarded" if mark[MARK] == "discarded" else "redriven", mark=mark)


def _answer(parked: Event, wishes: Wishes) -> Event | None:
    """By the log, as the projection has it (saga_state/parked.py)."""
    mine = (one for one in wishes.get(_whose(parked), ()) if _may_answer(one, parked))
    return next((one for one in mine if _is_after(one, parked)), None)


def _whose(event: Event) -> tuple[str, str, str]:
    return event.record.topic, event.context.tenant_id, event.context.saga_id


def _may_answer(wish: Event, parked: Event) -> bool:
    return isinstance(wish.data, RedriveRequested) or parked.body["state"] == "undo_parked"


def _is_after(wish: Event, parked: Event) -> bool:
    if wish.record.partition == parked.record.partition:
        return wish.record.offset > parked.record.offset
    return wish.time >= parked.time


def _is_over(letter: Letter, sagas: Mapping[str, Saga]) -> bool:
    if letter.parked is None or letter.saga_id not in sagas:
        return False
    step = next((s for s in sagas[letter.saga_id]["steps"] if s["step"] == letter.service), None)
    known = step["parked"] if step else None
    if step is None or known is None or known["at"] < _whole_ms(letter.at):
        return False  # the projection has not read of it yet
    return step["state"] not in ("parked", "undo_parked") or known["at"] > _whole_ms(letter.at)


def _whole_ms(time: datetime) -> datetime:
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 15 else 0


_ID = re.compile(r"[A-Za-z0-9._:-]{0,100}")  # of a record that cannot be read it may be anything
_PLACE = ("topic", "partition", "offset")
