"""The independent checker: reads all topics, the platform's log and the databases, and judges.

It shares no code with the packages it judges. Run it when nothing goes on any more.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient

from tests.chaos.cluster.databases import faults_in
from tests.chaos.cluster.ledger import START_TOPIC, Ledger
from tests.chaos.cluster.rules import Effects, Fault, end_of, faults_of
from tests.chaos.cluster.streaming import read_topics

READ_STARTS = ("registration", "saga-state")  # who must set a poisoned start aside
MOST_SHOWN = 20
# Of each kind there must be none.
FAULTS = (
    "lost", "double effects", "effects left", "effects missing", "done after undo",
    "said and never done", "two ids", "two bodies", "undone out of order", "two sagas of one start",
    "sagas nobody started", "orphan dead letters", "poison without a dead letter", "parked",
    "projection differs", "documents left", "ended otherwise than meant",
)  # fmt: skip


@dataclass
class Verdict:
    """`counted` for the table, `faults` by kind with their sagas: none if all holds."""

    counted: Counter[str] = field(default_factory=Counter)
    faults: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, kind: str, words: str) -> None:
        """The first of a kind are kept in words, all are counted."""
        self.counted[kind] += 1
        if len(self.faults[kind]) < MOST_SHOWN:
            self.faults[kind].append(words)

    def add_all(self, faults: Iterator[Fault], whose: str) -> None:
        for kind, words in faults:
            self.add(kind, f"{whose}: {words}")


async def check(
    kafka: str,
    mongo: str,
    effects: Path,
    accepted: Path,
    prefix: str = "",
    without: frozenset[str] = frozenset(),
) -> Verdict:
    """Judge all of it. `effects` is the platform's log, `accepted` what a broker acknowledged;
    headers in `without` may differ where a thing is said once more."""
    ledger, done = Ledger(prefix, without), Effects()
    await read_topics(kafka, ledger)
    for line in lines_of(effects):
        done.take(line)
    verdict = judge(ledger, done, {one["name"]: one for one in lines_of(accepted)})
    async with AsyncMongoClient[dict[str, Any]](mongo) as client:
        async for whose, fault in faults_in(client, prefix, ledger):
            verdict.add_all(iter([fault]), whose)
    return verdict


def lines_of(file: Path) -> Iterator[dict[str, Any]]:
    with file.open() as lines:
        yield from map(json.loads, lines)


def judge(ledger: Ledger, effects: Effects, accepted: Mapping[str, dict[str, Any]]) -> Verdict:
    """What topics and platform tell; the databases are not asked."""
    verdict = Verdict(Counter(ledger.counted))
    verdict.add_all(iter(ledger.faults), "start")
    for id_, saga in ledger.sagas.items():
        verdict.counted[f"ended {end_of(saga) or 'not'}"] += 1
        verdict.add_all(faults_of(saga, effects.by_saga.get(id_, {})), f"{saga.correlation} {id_}")
    for id_ in effects.by_saga.keys() - ledger.sagas.keys():
        verdict.add("sagas nobody started", f"{id_} is known to the platform alone")
    _starts(ledger, accepted, verdict)
    _numbers(ledger, verdict)
    _letters(ledger, accepted, verdict)
    return verdict


def _starts(ledger: Ledger, accepted: Mapping[str, dict[str, Any]], verdict: Verdict) -> None:
    """I1: each accepted start has one saga, which ended as it was meant to."""
    sagas: dict[str, list[str]] = defaultdict(list)
    for correlation, id_ in ledger.by_correlation():
        sagas[correlation].append(id_)
    for name, ids in sagas.items():
        if name not in accepted:
            verdict.add("sagas nobody started", f"{name} {ids}")
        if len(ids) > 1:
            verdict.add("two sagas of one start", f"{name} {ids}")
    for name, told in accepted.items():
        if told["kind"] != "poison":
            verdict.counted["accepted"] += 1
            _ended_as_meant(name, told["meant"], ledger, sagas.get(name, []), verdict)


def _ended_as_meant(
    name: str, meant: str, ledger: Ledger, ids: list[str], verdict: Verdict
) -> None:
    ends = {id_: end_of(ledger.sagas[id_]) for id_ in ids}
    if not ends or None in ends.values():
        verdict.add("lost", f"{name} {ends}")
        return
    for id_, end in ends.items():
        if end != meant:
            codes = ledger.sagas[id_].codes
            words = " ".join(f"{step} {code}" for (step, _), code in codes.items())
            verdict.add("ended otherwise than meant", f"{name} {id_}: {end}, not {meant}: {words}")


def _numbers(ledger: Ledger, verdict: Verdict) -> None:
    """I2 of the steps without an outside system: what they made is of one saga alone."""
    owner: dict[tuple[str, str], str] = {}
    for id_, saga in ledger.sagas.items():
        for fact in saga.facts.items():
            if owner.setdefault(fact, id_) != id_:
                verdict.add("double effects", f"{fact} of {owner[fact]} and {id_}")


def _letters(ledger: Ledger, accepted: Mapping[str, dict[str, Any]], verdict: Verdict) -> None:
    """I6: a dead letter for each poison and hearer, and for nothing else."""
    told = {(service, place) for service, place, _ in ledger.letters}
    for service, place, error in ledger.letters:
        if place not in ledger.poison:
            verdict.add("orphan dead letters", f"{service}: {error} of {place}")
    for place, name in ledger.poison.items():
        missing = [one for one in READ_STARTS if (one, place) not in told]
        if missing:
            verdict.add("poison without a dead letter", f"{name} at {place}: {missing}")
    for name, one in accepted.items():
        if one["kind"] == "poison":
            verdict.counted["poison"] += 1
            if name not in ledger.poison.values():
                verdict.add("lost", f"{name} is not in {START_TOPIC}")
    for words in ledger.parked:
        verdict.add("parked", words)
