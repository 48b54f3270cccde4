"""API keys: how one looks, when it counts, and how long the gateway remembers what it found."""

import ast
import inspect
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway import key_ring
from services.gateway.key_ring import FRESH, KeyRing
from services.gateway.keys import Key, counts, digest_of, id_in, new_secret, opens

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def key_of(text: str, **changes: object) -> Key:
    made = Key(id_in(text) or "", digest_of(text), "ana", "default", frozenset(), NOW, "tests")
    return replace(made, **changes)


class Kept:
    """The port `Keys`; counts how often it is asked."""

    def __init__(self) -> None:
        self.keys: dict[str, Key] = {}
        self.asked: list[str] = []
        self.uses: dict[str, datetime] = {}

    async def find(self, key_id: str) -> Key | None:
        self.asked.append(key_id)
        return self.keys.get(key_id)

    async def used(self, key_id: str, at: datetime) -> None:
        self.uses[key_id] = at


class Clock:
    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ring(kept: Kept, clock: Clock) -> KeyRing:
    return KeyRing(kept, clock)


def test_a_new_key_has_256_random_bits_and_an_id_of_its_own():
    made = [new_secret() for _ in range(100)]
    assert len({text for text, _ in made}) == len({key_id for _, key_id in made}) == 100
    text, key_id = made[0]
    assert text.startswith(f"obk_{key_id}_")
    assert len(text.removeprefix(f"obk_{key_id}_")) == 43  # 32 bytes in base64
    assert id_in(text) == key_id


@given(st.text() | st.from_regex(r"obk_[0-9a-f]{11,13}_[A-Za-z0-9_-]{42,44}", fullmatch=True))
def test_only_what_has_the_whole_form_of_a_key_has_an_id(text: str):
    right = len(text) == 60 and text.startswith("obk_") and text.index("_", 4) == 16
    assert (id_in(text) is not None) == right


def test_of_a_key_nothing_is_kept_that_opens_anything():
    text, _ = new_secret()
    key = key_of(text)
    assert text.rpartition("_")[2] not in repr(key)
    assert not opens(key, key.digest, NOW)


def test_every_other_text_does_not_open_it():
    text, key_id = new_secret()
    key = key_of(text)
    assert opens(key, text, NOW)
    other = new_secret()[0].removeprefix("obk_")[13:]
    for wrong in (f"obk_{key_id}_{other}", text[:-1], f"{text} ", "", text.upper()):
        assert not opens(key, wrong, NOW)
    assert not opens(None, text, NOW)


def test_digests_are_compared_in_constant_time():
    tree = ast.parse(inspect.getsource(opens))
    compared = [node for node in ast.walk(tree) if isinstance(node, ast.Compare)]
    assert "hmac.compare_digest" in ast.unparse(tree)
    assert all(isinstance(node.ops[0], ast.IsNot) for node in compared)


def test_it_counts_until_it_expires_or_is_revoked():
    key = key_of(new_secret()[0], expires_at=NOW + timedelta(seconds=1))
    assert counts(key, NOW)
    assert not counts(key, NOW + timedelta(seconds=1))
    assert not counts(replace(key, revoked_at=NOW), NOW)


async def test_a_key_is_looked_up_once_in_five_seconds(ring: KeyRing, kept: Kept, clock: Clock):
    text, key_id = new_secret()
    kept.keys[key_id] = key_of(text)
    assert all([await ring.open(text) for _ in range(3)])
    assert kept.asked == [key_id]
    clock.time += FRESH
    assert await ring.open(text)
    assert kept.asked == [key_id, key_id]


async def test_a_revoked_key_counts_for_five_seconds_at_most(
    ring: KeyRing, kept: Kept, clock: Clock
):
    text, key_id = new_secret()
    kept.keys[key_id] = key_of(text)
    await ring.open(text)
    kept.keys[key_id] = key_of(text, revoked_at=clock())
    clock.time += timedelta(seconds=5)
    assert await ring.open(text) is None


async def test_it_ends_on_the_second_that_it_was_given(ring: KeyRing, kept: Kept, clock: Clock):
    text, key_id = new_secret()
    kept.keys[key_id] = key_of(text, expires_at=NOW + timedelta(seconds=1))
    assert await ring.open(text)
    clock.time += timedelta(seconds=1)
    assert await ring.open(text) is None
    assert kept.asked == [key_id]


async def test_that_there_is_no_such_key_is_remembered_too(ring: KeyRing, kept: Kept):
    text, key_id = new_secret()
    assert [await ring.open(text) for _ in range(3)] == [None] * 3
    assert kept.asked == [key_id]
    assert await ring.open("obk_no_key") is None
    assert kept.asked == [key_id]


async def test_a_wrong_secret_of_a_known_id_opens_nothing(ring: KeyRing, kept: Kept):
    text, key_id = new_secret()
    kept.keys[key_id] = key_of(text)
    assert await ring.open(text)
    assert await ring.open(f"obk_{key_id}_{'A' * 43}") is None


async def test_what_is_remembered_is_bounded(ring: KeyRing, kept: Kept):
    first = new_secret()[0]
    await ring.open(first)
    for number in range(key_ring.MOST):
        await ring.open(f"obk_{number:012x}_{'A' * 43}")
    await ring.open(first)
    assert kept.asked.count(id_in(first) or "") == 2
    assert len(ring._found) == key_ring.MOST


async def test_when_it_was_used_is_written_once_for_many_uses(
    ring: KeyRing, kept: Kept, clock: Clock
):
    text, key_id = new_secret()
    kept.keys[key_id] = key_of(text)
    await ring.open(text)
    clock.time += timedelta(seconds=2)
    await ring.open(text)
    await ring.open(new_secret()[0])
    await ring.note_uses()
    assert kept.uses == {key_id: clock.time}
