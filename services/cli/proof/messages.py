"""The messages of a small world, by number, so that sets of them are whole numbers."""

from collections.abc import Iterator
from dataclasses import replace

from contracts.envelope import Event, Message, Record
from contracts.operator import read_operator_event
from contracts.poison import PoisonError
from contracts.reading import Reader
from contracts.topics import DEAD_LETTERS


class Messages:
    """All messages that could ever be said, by number.

    `with_cause`: what caused a message tells it apart from others of its id. Then one id may have
    several bodies in different runs, and must have one in each (I3, V9). Without it there are far
    fewer states, and the cause is not looked at.
    """

    def __init__(self, reader: Reader, with_cause: bool = False) -> None:
        self.all: list[Message] = []
        self._reader, self._with_cause = reader, with_cause
        self._numbers: dict[Message, int] = {}
        self._events: dict[int, Event | None] = {}

    def number(self, message: Message) -> int:
        """Its number."""
        alike = self.plain(message)
        if alike not in self._numbers:
            self._numbers[alike] = len(self.all)
            self.all.append(alike)
        return self._numbers[alike]

    def record(self, number: int) -> Record:
        """The message as the broker would have it."""
        one = self.all[number]
        return Record(one.topic, 0, number, one.key, one.value, one.headers, 0)

    def event(self, number: int) -> Event | None:
        """The event in it; None: nobody can hear it, it is a copy of a record or not to be read."""
        if number not in self._events:
            record = self.record(number)
            on_dead_letters = record.topic.endswith(f".{DEAD_LETTERS}")
            read = read_operator_event if on_dead_letters else _read
            self._events[number] = read(record, self._reader)
        return self._events[number]

    def events(self, mask: int) -> Iterator[tuple[int, Event]]:
        """The events of a set of messages, with their numbers."""
        for number in numbers_in(mask):
            if (event := self.event(number)) is not None:
                yield number, event

    def unread(self, mask: int) -> Iterator[Message]:
        """The messages on topics of events in which nobody finds one."""
        for number in numbers_in(mask):
            one = self.all[number]
            if self.event(number) is None and not one.topic.endswith(f".{DEAD_LETTERS}"):
                yield one

    def plain(self, message: Message) -> Message:
        """The message without what does not matter: when, and why."""
        left_out = {"ce_time"} if self._with_cause else {"ce_time", "ce_causationid"}
        kept = tuple((name, text) for name, text in message.headers if name not in left_out)
        return replace(message, headers=kept)


def numbers_in(mask: int) -> Iterator[int]:
    """The numbers of a set of messages, the smallest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def _read(record: Record, reader: Reader) -> Event | None:
    try:
        return reader.read(record)
    except PoisonError:
        return None
