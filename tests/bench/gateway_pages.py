"""What a page of the dashboard costs over many sagas: the list by each filter, the overview, a saga."""

import re
from collections.abc import Mapping
from urllib.parse import urlencode

import httpx

from services.gateway.dashboard.login import HOME, LOGIN
from tests.bench.gateway_lists import filters, slowest_ms
from tests.bench.gateway_rows import saga_id
from tests.bench.reporting import Figure, figure

PAGE_MS = 200.0
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


async def measure(url: str, key: str, rows: int, seconds: int) -> list[Figure]:
    """The 99th percentile of each, one person looking."""
    headers = await _logged_in(url, key)
    pages = {
        f"the list of {rows:,} by {name}": [f"{HOME}/sagas?{urlencode(one)}" for one in asked]
        for name, asked in filters(rows).items()
    }
    pages["the overview"] = [HOME]
    pages["a saga"] = [f"{HOME}/sagas/{saga_id(one)}" for one in range(0, rows, rows // 20 or 1)]
    return [
        figure(
            f"the page of {name}, p99",
            await slowest_ms(url, paths, headers, seconds),
            "ms",
            PAGE_MS,
            at_most=True,
        )
        for name, paths in pages.items()
    ]


async def _logged_in(url: str, key: str) -> Mapping[str, str]:
    """The cookie of a session."""
    async with httpx.AsyncClient(base_url=url) as client:
        form = dict(_HIDDEN.findall((await client.get(LOGIN)).text))
        answer = await client.post(LOGIN, data={**form, "key": key})
        assert answer.status_code == 303, answer.text
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items())}
