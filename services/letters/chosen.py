"""What a redrive or a discard is about: whole records, each with the letters of it."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from contracts.events import event_names
from contracts.topics import event_topic
from services.letters.letter import Letter, Marked

Pile = Sequence[Letter]
"""The letters of one record: each service that could not read it has its own. It is sent once."""


@dataclass(frozen=True, slots=True)
class Which:
    """Which letters are wanted; None, or none named: no matter. `refs`: ids or places."""

    service: str | None = None
    error_class: str | None = None
    sagas: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()

    def __call__(self, letter: Letter) -> bool:
        return (
            self.service in (None, letter.service)
            and self.error_class in (None, letter.error_class)
            and (not self.sagas or letter.saga_id in self.sagas)
            and (not self.refs or any(is_meant(letter, ref) for ref in self.refs))
        )


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be done, why, by whom; `way`: by the command line or the gateway.

    `again`: also with letters that wait although their records were redriven before.
    """

    what: Marked
    which: Which
    reason: str
    by: str
    again: bool = False
    way: str = "cli"


def selected(
    letters: Sequence[Letter], act: Act, prefix: str
) -> tuple[list[Pile], Mapping[str, int]]:
    """Those that wait and are wanted, by record; how many are left out, by the reason."""
    piles: dict[str, Pile] = {}
    left: Counter[str] = Counter()
    known = {event_topic(name, prefix) for name in event_names()}
    same = defaultdict[str, list[Letter]](list)
    for one in letters:
        same[one.id].append(one)
    for one in filter(act.which, letters):
        if one.id in piles or one.now != "open":
            continue
        if act.what == "redriven" and (why := _why_not(one, act, known)):
            left[why] += 1
        else:
            piles[one.id] = _pile(one, same[one.id], act)
    return list(piles.values()), left


def twins_of(letter: Letter, letters: Iterable[Letter]) -> Pile:
    """It, and the letters that other services have of the same record."""
    twins = [one for one in letters if one.id == letter.id and one.place != letter.place]
    return [letter, *(one for one in twins if one.now == "open")]


def the_one_meant(letters: Iterable[Letter], ref: str) -> Letter | None:
    """The letter of an id or a place; of those that several services have of one record, one that
    waits."""
    meant = [one for one in letters if is_meant(one, ref)]
    return next((one for one in meant if one.now == "open"), meant[0] if meant else None)


def is_meant(letter: Letter, ref: str) -> bool:
    """By its id, its own place, or the place of the record that it is a copy of."""
    return ref in (letter.id, letter.place, letter.came_from)


def hash_of(piles: Iterable[Pile]) -> str:
    """The same for the same letters; another if one came or went."""
    places = "\n".join(sorted(f"{one.place} {one.id}" for pile in piles for one in pile))
    return hashlib.sha256(places.encode()).hexdigest()[:12]


def _pile(one: Letter, letters: Iterable[Letter], act: Act) -> Pile:
    """Sent again, the record comes to all of its hearers; it is discarded of those named only."""
    twins = twins_of(one, letters)
    return twins if act.what == "redriven" else [twin for twin in twins if act.which(twin)]


def _why_not(letter: Letter, act: Act, known: set[str]) -> str | None:
    if letter.parked is not None:
        return None
    if letter.told.get("dlq_topic") not in known:
        return "of a topic that is none of this system"
    if letter.left_out:
        return f"too large to have been copied whole ({letter.left_out}): send the original again"
    if letter.was_redriven and not act.again:
        return "redriven before, and came back: mend the cause, then --again"
    return None
