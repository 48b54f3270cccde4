"""How often somebody may ask, counted in this process: by API key, or by address without one."""

import ipaddress
import math
import time

from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

from services.gateway.problems import TooMany

IPV6_NETWORK_BITS = 64  # what one household or machine is given


class Rates:
    """Two gateways count each for themselves."""

    def __init__(self, key_per_second: int, address_per_second: int) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._of_key = RateLimitItemPerSecond(key_per_second)
        self._of_address = RateLimitItemPerSecond(address_per_second)

    async def count_key(self, key_id: str) -> None:
        """TooMany when a key has asked too often."""
        if not await self._limiter.hit(self._of_key, "key", key_id):
            raise await self._too_many(self._of_key, "key", key_id)

    async def count_stranger(self, address: str) -> None:
        """TooMany when an address has shown no valid key too often."""
        who = network_of(address)
        if not await self._limiter.hit(self._of_address, "address", who):
            raise await self._too_many(self._of_address, "address", who)

    async def check_stranger(self, address: str) -> None:
        """TooMany, before a key is looked for, from where too many wrong ones came."""
        who = network_of(address)
        if not await self._limiter.test(self._of_address, "address", who):
            raise await self._too_many(self._of_address, "address", who)

    async def _too_many(self, item: RateLimitItemPerSecond, kind: str, who: str) -> TooMany:
        told = await self._limiter.get_window_stats(item, kind, who)
        what = "requests with this key" if kind == "key" else "requests without a valid key"
        line = f"more than {item.amount} {what} in a second"
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
