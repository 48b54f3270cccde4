"""Records that no service can read, each known by its key."""

import json
import random
from collections.abc import Callable

from tests.integration import starts
from tests.integration.starts import Sent


def poison(chance: random.Random, name: str) -> Sent:
    """One of the kinds, with its name as key."""
    made = chance.choice(KINDS)(starts.start(event_id=name))
    return Sent(made.value, made.headers, name.encode())


def _no_headers(good: Sent) -> Sent:
    return Sent(good.value, ())


def _half_a_body(good: Sent) -> Sent:
    return good.with_value((good.value or b"")[:-9])


def _a_list(good: Sent) -> Sent:
    return good.with_value(json.dumps([1]).encode())


def _unknown_type(good: Sent) -> Sent:
    return good.with_headers(ce_type="org.example.Other")


def _empty(good: Sent) -> Sent:
    return good.with_value(b"")


def _too_large(good: Sent) -> Sent:
    return good.with_value(b"x" * 300_000)


KINDS: tuple[Callable[[Sent], Sent], ...] = (
    _no_headers, _half_a_body, _a_list, _unknown_type, _empty, _too_large,
)  # fmt: skip
