"""How often somebody may ask, counted in this process: by API key, or by address without one."""

import ipaddress
import math
import time

from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

from services.gateway.problems import TooMany

LOGINS_PER_MINUTE = 10  # that failed, from one address
IPV6_NETWORK_BITS = 64  # what one household or machine is given


class Rates:
    """Two gateways count each for themselves."""

    def __init__(self, key_per_second: int, address_per_second: int) -> None:
        self._storage = MemoryStorage()
        self._limiter = FixedWindowRateLimiter(self._storage)
        self._of_key = RateLimitItemPerSecond(key_per_second)
        self._of_address = RateLimitItemPerSecond(address_per_second)
        self._of_logins = RateLimitItemPerMinute(LOGINS_PER_MINUTE)

    async def count_key(self, key_id: str) -> None:
        """TooMany when a key has asked too often."""
        if not await self._limiter.hit(self._of_key, "key", key_id):
            raise await self._too_many(self._of_key, "key", key_id)

    async def count_stranger(self, address: str) -> None:
        """TooMany when an address has shown no valid key too often."""
        who = network_of(address)
        if not await self._limiter.hit(self._of_address, "address", who):
            raise await self._too_many(self._of_address, "address", who)

    async def count_open(self, address: str) -> None:
        """TooMany when an address has asked routes that need no key too often. Wrong keys do not
        count here, nor these there: else whoever guesses would have probes refused."""
        who = network_of(address)
        if not await self._limiter.hit(self._of_address, "open", who):
            raise await self._too_many(self._of_address, "open", who)

    async def check_stranger(self, address: str) -> None:
        """TooMany, before a key is looked for, from where too many wrong ones came."""
        who = network_of(address)
        if not await self._limiter.test(self._of_address, "address", who):
            raise await self._too_many(self._of_address, "address", who)

    async def try_login(self, address: str) -> None:
        """TooMany, before a key is looked for, from where too many log-ins have failed. It counts
        as one that fails until it is `forgiven`: of many at once no more are tried."""
        who = network_of(address)
        if not await self._limiter.hit(self._of_logins, "login", who):
            raise await self._too_many(self._of_logins, "login", who)

    async def forgive_login(self, address: str) -> None:
        """The log-in that was tried has not failed."""
        await self._storage.decr(self._of_logins.key_for("login", network_of(address)))

    async def _too_many(self, item: RateLimitItem, kind: str, who: str) -> TooMany:
        told = await self._limiter.get_window_stats(item, kind, who)
        line = f"more than {item.amount} {_WHAT[kind]}"
        return TooMany(line, math.ceil(told.reset_time - time.time()))


def network_of(address: str) -> str:
    """Who is counted as one: an IPv4 address, an IPv6 network of 64 bits."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        return str(found.ipv4_mapped)
    if found.version == 4:
        return address
    return str(ipaddress.ip_network((found, IPV6_NETWORK_BITS), strict=False))


_WHAT = {
    "key": "requests with this key in a second",
    "address": "requests without a valid key in a second",
    "open": "requests of routes that need no key in a second",
    "login": "log-ins have failed from here in a minute",
}
