"""Bad input: set aside as it came, counted, logged without personal data, and nobody waits for it.

All kinds are sent at once, into the midst of good starts.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from tests.integration import outside, starts
from tests.integration.outside import Place, Seen
from tests.integration.poison import SECRETS, Poison, all_kinds, personal
from tests.integration.polling import until
from tests.integration.system import ALL, System

KINDS = all_kinds()
GOOD = 12
ODD_NAMES = {
    "dollar": "$secret",
    "operator": "$where",
    "template": "{{x}}",
    "format": "%s {0} {nombre}",
    "emoji": "🦊👩‍👩‍👧",
    "markup": "<script>alert(1)</script>",
    "quotes": "'; DROP TABLE partners; --",
    "right to left": "\u202eשלום",
    "line breaks": "a\r\nb\tc",
    "null character": "a\x00b",
    "10,000 characters": "x" * 10_000,
}
WRONG_DATA = {
    "no partner_data": {"x": 1},
    "a list": {"partner_data": [1]},
    "null": {"partner_data": None},
    "empty": {"partner_data": {}},
    "no e-mail address": {"partner_data": starts.partner_data(email="nobody")},
    "no phone": {"partner_data": starts.partner_data(telefono="call me")},
    "no name": {"partner_data": starts.partner_data(nombre="  ")},
    "unknown kind": {"partner_data": starts.partner_data(tipo_partner="GHOST")},
    "wrong types": {"partner_data": starts.partner_data(nombre=7, email=[])},
    "reserved partner_id": {"partner_data": starts.partner_data(partner_id="health")},
    "an operator as partner_id": {"partner_data": starts.partner_data(partner_id="$ne")},
}


@dataclass
class Aftermath:
    """Where everything was sent, and what is to be seen of it."""

    running: System
    places: Mapping[str, Place]
    letters: Mapping[str, Mapping[Place, Seen]]
    counted: Mapping[str, Counter[str]]
    pids_before: Mapping[str, int | None]
    pids_after: Mapping[str, int | None]

    def at(self, name: str) -> Place:
        return self.places[name]


@pytest.fixture(scope="module")
async def aftermath(shared: System) -> Aftermath:
    """All kinds of poison, with good starts before, between and behind."""
    pids_before = pids(shared)
    before = {service: await counted(shared, service) for service in ("registration", "saga_state")}
    good = [personal(email=starts.fresh_email()) for _ in range(GOOD)]
    good = [
        one.with_headers(ce_correlationid=f"among-poison-{number}")
        for number, one in enumerate(good)
    ]
    places: dict[str, Place] = {}
    for number, kind in enumerate(KINDS):
        topic = f"{shared.prefix}onboarding.{kind.event}"
        (places[kind.name],) = await starts.send(shared.kafka, topic, kind.sent)
        if number % 4 == 0:
            await starts.send(shared.kafka, shared.start_topic, *good[:1])
            good = good[1:]
    await starts.send(shared.kafka, shared.start_topic, *good)
    await shared.completed(GOOD, correlation_id={"$regex": "^among-poison-"})
    letters = {}
    for service in outside.SERVICES:
        due = {places[kind.name] for kind in KINDS if service in kind.hearers}
        await shared.dead_letters_of(due, service)
    for service, records in (await shared.dead_letters()).items():
        letters[service] = {one.copies: one for one in records}
    more: dict[str, Counter[str]] = {}

    async def all_counted() -> bool:
        """A letter is counted, and told in the log, when the broker has said that it has it."""
        for service in before:
            more[service] = await counted(shared, service) - before[service]
        heard = sum("registration" in kind.hearers for kind in KINDS)
        return more["registration"].total() >= heard and more["saga_state"].total() >= len(KINDS)

    await until("all are counted", all_counted)
    return Aftermath(shared, places, letters, more, pids_before, pids(shared))


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
async def test_poison_is_a_dead_letter_as_it_came(aftermath: Aftermath, kind: Poison):
    place = aftermath.at(kind.name)
    for service in kind.hearers:
        letter = aftermath.letters[service][place]
        assert (letter.key, letter.value) == (kind.sent.key, kind.sent.value)
        told = len(kind.sent.headers)
        assert tuple(letter.headers[:told]) == tuple(kind.sent.headers)
        assert letter.header("dlq_error_class") == kind.error_class
        assert letter.header("dlq_service") == service
        assert letter.header("dlq_attempts") == "1"
        assert int(letter.header("dlq_time")) > 1_700_000_000_000
        assert letter.header("dlq_error")
        assert not [secret for secret in SECRETS if secret in letter.header("dlq_error")]


async def test_who_does_not_hear_a_topic_has_no_dead_letters_of_it(aftermath: Aftermath):
    of_starts = {place for place in aftermath.places.values() if "initiated" in place[0]}
    for service in {*outside.SERVICES} - {"registration", "saga-state"}:
        assert not of_starts & set(aftermath.letters[service])


async def test_poison_is_counted_by_its_class(aftermath: Aftermath):
    of_starts = Counter(k.error_class for k in KINDS if "registration" in k.hearers)
    assert aftermath.counted["registration"] >= of_starts
    assert aftermath.counted["saga_state"] >= Counter(kind.error_class for kind in KINDS)


async def test_logs_name_the_poison_but_no_person(aftermath: Aftermath):
    running = aftermath.running
    texts = {name: running.log(name) for name in ALL}
    told = [
        line["error_class"]
        for line in map(json.loads, texts["registration"].splitlines())
        if line["event"] == "record.dead_letter" and _place(line) == aftermath.at("half a body")
    ]
    assert set(told) == {"INVALID_JSON"}, "once, or again after a rebalance"
    for name, text in texts.items():
        assert not [secret for secret in SECRETS if secret in text], name
        assert "techsolutions.example" not in text, name


def _place(line: dict[str, Any]) -> tuple[str, int, int]:
    return line["topic"], line["partition"], line["offset"]


async def test_nothing_waited_for_the_poison(aftermath: Aftermath):
    """The fixture saw them complete; nobody was started again for it."""
    assert await aftermath.running.count(correlation_id={"$regex": "^among-poison-"}) == GOOD
    assert aftermath.pids_before == aftermath.pids_after


async def test_the_same_identity_with_another_body_is_a_dead_letter(shared: System):
    first = starts.start(correlation_id="reused", event_id="reused-1")
    await starts.send(shared.kafka, shared.start_topic, first)
    assert (await shared.ended("reused"))["status"] == "COMPLETED"
    other = first.with_value(starts.start().value)
    spaced = first.with_value((first.value or b"").replace(b": ", b":  "))
    place, _ = await starts.send(shared.kafka, shared.start_topic, other, spaced)
    for service in ("registration", "saga-state"):
        (letter,) = await shared.dead_letters_of({place}, service)
        assert letter.header("dlq_error_class") == "ID_REUSED"
        assert letter.value == other.value
    await shared.at_rest("registration", "saga-state")
    assert (await shared.ended("reused"))["status"] == "COMPLETED"
    reused = [
        one
        for one in (await shared.dead_letters())["registration"]
        if one.header("ce_id") == "reused-1"
    ]
    assert {one.copies for one in reused} == {place}, "equal as JSON is the same body"


@pytest.mark.parametrize("name", WRONG_DATA)
async def test_wrong_partner_data_is_no_poison_but_a_no(shared: System, name: str):
    correlation = f"wrong-{name}"
    sent = starts.start(correlation_id=correlation).with_value(
        json.dumps(WRONG_DATA[name]).encode()
    )
    (place,) = await starts.send(shared.kafka, shared.start_topic, sent)
    saga = await shared.ended(correlation)
    assert saga["status"] == "FAILED"
    assert saga["failure"]["code"] == "INVALID_PARTNER_DATA"
    letters = await shared.dead_letters()
    assert place not in {one.copies for records in letters.values() for one in records}


@pytest.mark.parametrize("name", ODD_NAMES)
async def test_odd_names_are_data(shared: System, name: str):
    correlation, text = f"odd-{name}", ODD_NAMES[name]
    odd = {
        "$gt": "",
        "a.b": {"$set": {}},
        "": None,
        "big": 2**64 - 1,
        "small": -(2**63),
        "f": 1e308,
    }
    sent = starts.start(correlation_id=correlation, nombre=text, direccion=text, unknown=odd)
    await starts.send(shared.kafka, shared.start_topic, sent)
    saga = await shared.ended(correlation)
    assert saga["status"] == "COMPLETED"
    async with AsyncMongoClient(shared.stack.mongo) as client:
        registered = client[f"{shared.prefix}onboarding_registration"].steps
        document = await registered.find_one({"_id": saga["_id"]})
    assert document is not None
    assert document["result"]["name"] == text


async def counted(running: System, name: str) -> Counter[str]:
    """Dead letters by class, as Prometheus would read them."""
    found: Counter[str] = Counter()
    for key, value in (await running.metrics(name)).items():
        if key.startswith("onboarding_dead_letters_total{"):
            found[key.split('error_class="')[1].split('"')[0]] += int(value)
    return found


def pids(running: System) -> dict[str, int | None]:
    return {name: running.stack.supervisor.pid(name) for name in ALL}
