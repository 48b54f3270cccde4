"""How often somebody may ask: by key, by address, by IPv6 network."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

import pytest

from services.gateway.problems import TooMany
from services.gateway.rates import Rates, network_of

MANY = 1_000  # more than is allowed in a second, even where the first ones fell into the one before


@pytest.fixture
def rates() -> Rates:
    return Rates(key_per_second=5, address_per_second=5)


async def many_times(do: Callable[[], Awaitable[None]]) -> None:
    for _ in range(MANY):
        await do()


async def from_two(rates: Rates, one: str, other: str) -> None:
    """A wrong key from one, of which the other may hear."""
    with suppress(TooMany):
        await rates.count_stranger(one)
    await rates.check_stranger(other)


async def test_a_key_that_asks_too_often_is_told_when_to_ask_again(rates: Rates):
    with pytest.raises(TooMany, match="more than 5 requests with this key in a second") as told:
        await many_times(partial(rates.count_key, "one"))
    assert told.value.status == 429
    assert told.value.headers == {"Retry-After": "1"}
    await rates.count_key("other")


async def test_an_address_without_a_valid_key_is_refused_before_one_is_looked_for(rates: Rates):
    with pytest.raises(TooMany, match="without a valid key"):
        await many_times(partial(rates.count_stranger, "203.0.113.9"))
    with pytest.raises(TooMany):
        await many_times(partial(from_two, rates, "203.0.113.9", "203.0.113.9"))
    await rates.check_stranger("203.0.113.10")


async def test_routes_without_a_key_are_counted_apart_from_wrong_keys(rates: Rates):
    """Whoever guesses keys does not have the probes of its own address refused."""
    with pytest.raises(TooMany, match="more than 5 requests of routes that need no key"):
        await many_times(partial(rates.count_open, "203.0.113.9"))
    with pytest.raises(TooMany):
        await many_times(partial(rates.count_stranger, "203.0.113.11"))
    await rates.check_stranger("203.0.113.9")
    await rates.count_open("203.0.113.11")
    await rates.count_open("203.0.113.10")


async def test_a_network_of_ipv6_is_counted_as_one(rates: Rates):
    with pytest.raises(TooMany):
        await many_times(partial(from_two, rates, "2001:db8::1", "2001:db8::ffff:2"))
    await rates.check_stranger("2001:db8:0:1::1")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8::1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
    ],
)
def test_who_is_counted_as_one(address, network):
    assert network_of(address) == network
