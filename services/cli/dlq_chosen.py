"""What a redrive or a discard is about: whole records, each with the letters of it."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from contracts.events import event_names
from contracts.topics import event_topic
from services.cli.letters import Letter, Marked
from services.cli.letters_wanted import Which
from services.cli.options import Output

Pile = Sequence[Letter]
"""The letters of one record: each service that could not read it has its own. It is sent once."""


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be done, why, by whom; `agreed` is the hash that was agreed to, if any.

    `again`: also with letters that wait although their records were redriven before.
    """

    what: Marked
    which: Which
    reason: str
    by: str
    again: bool = False
    dry_run: bool = False
    agreed: str | None = None
    output: Output = Output.TABLE


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


def hash_of(piles: Iterable[Pile]) -> str:
    """The same for the same letters; another if one came or went."""
    places = "\n".join(sorted(one.place for pile in piles for one in pile))
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
