"""A letter whose record is mended by a person, and what its hearers will read of it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from contracts.envelope import Event
from contracts.events import event_names
from contracts.poison import PoisonError
from contracts.reading import Reader
from contracts.topics import event_topic
from services.letters.letter import Letter


class StillBadError(Exception):
    """It would be set aside again; why, without what stands in it."""


def edited(letter: Letter, value: bytes, headers: Mapping[str, str]) -> Letter:
    """The letter with another value, and other headers under these names."""
    kept = tuple(pair for pair in letter.headers if pair[0] not in headers)
    set_now = tuple((name, text.encode()) for name, text in headers.items())
    return replace(letter, record=replace(letter.record, value=value), headers=(*kept, *set_now))


def headers_in(texts: Iterable[str]) -> dict[str, str]:
    """Of `NAME=VALUE`, each. ValueError has the text that is none."""
    given = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise ValueError(text)
        given[name] = value
    return given


def event_in(letter: Letter, reader: Reader, prefix: str) -> Event:
    """What its topic's hearers will read. StillBadError if they would not."""
    topic = letter.told.get("dlq_topic", "")
    if topic not in {event_topic(name, prefix) for name in event_names()}:
        raise StillBadError("its topic is none of this system")
    again = replace(letter.record, topic=topic, headers=letter.headers)
    try:
        return reader.read(again)
    except PoisonError as error:
        line = f"it would be set aside again: {error.error_class}, {error}"
        raise StillBadError(line) from None
