"""The messages of a small world, by number, so that sets of them are whole numbers."""

from collections.abc import Iterator
from dataclasses import replace

from contracts.envelope import Message, Record


class Messages:
    """All messages that could ever be said, by number.

    `with_cause`: what caused a message tells it apart from others of its id. Then one id may have
    several bodies in different runs, and must have one in each (I3, V9). Without it there are far
    fewer states, and the cause is not looked at.
    """

    def __init__(self, with_cause: bool = False) -> None:
        self.all: list[Message] = []
        self.twins = 0  # messages whose id another one has
        self._with_cause = with_cause
        self._numbers: dict[Message, int] = {}

    def number(self, message: Message) -> int:
        """Its number."""
        alike = self.plain(message)
        if alike not in self._numbers:
            self._numbers[alike] = len(self.all)
            self.all.append(alike)
            same = [n for n, one in enumerate(self.all) if one.event_id == alike.event_id]
            self.twins |= sum(1 << n for n in same) if len(same) > 1 else 0
        return self._numbers[alike]

    def record(self, number: int) -> Record:
        """The message as the broker would have it."""
        one = self.all[number]
        return Record(one.topic, 0, number, one.key, one.value, one.headers, 0)

    def plain(self, message: Message) -> Message:
        """The message without what does not matter: when, and why."""
        left_out = {"ce_time"} if self._with_cause else {"ce_time", "ce_causationid"}
        kept = tuple((name, text) for name, text in message.headers if name not in left_out)
        return replace(message, headers=kept)


def numbers_in(mask: int) -> Iterator[int]:
    """The numbers of a set of messages."""
    number = 0
    while mask:
        if mask & 1:
            yield number
        mask, number = mask >> 1, number + 1
