"""Who may do what: the table of docs/rest.md, and what the code says of its routes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi.routing import iter_route_contexts

from services.gateway.app import make_app
from services.gateway.roles import ROLES
from tests.sources import ROOT

CALLERS = ("viewer", "operator", "admin", "no key")
_ROW = re.compile(r"\| ([A-Z]+) \| `([^`]+)` \| ?([a-z:]*) \| (.*) \|")


@dataclass(frozen=True)
class Row:
    """`may` has yes or no for each of CALLERS; no scope: the route is open."""

    method: str
    path: str
    scope: str
    may: tuple[str, ...]

    @property
    def is_page(self) -> bool:
        """Whether it is asked with the session of a browser."""
        return self.path.startswith("/dashboard")

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def written() -> list[Row]:
    text = (ROOT / "docs/rest.md").read_text()
    told = _ROW.findall(text.partition("## Who may do what")[2].partition("\n## ")[0])
    return [Row(how, path, scope, tuple(may.split(" | "))) for how, path, scope, may in told]


def scopes_of(dependant: Any) -> Iterator[str]:
    for one in dependant.dependencies if dependant else ():
        if hasattr(one.call, "scope"):
            yield one.call.scope
        yield from scopes_of(one)


def declared() -> list[Row]:
    """As the code has it. `unmasked` is the one query that takes another scope than its route."""
    rows = []
    for route in iter_route_contexts(make_app(None).routes):
        scopes = list(scopes_of(getattr(route, "dependant", None)))
        assert len(scopes) <= 1, f"{route.path} asks for several scopes"
        for method in sorted(set(route.methods or ()) - {"HEAD"}):
            rows.append(row(method, str(route.path), *scopes))
    return [*rows, row("GET", "/sagas/{any_id}/timeline?unmasked=true", "pii:read")]


def row(method: str, path: str, scope: str = "") -> Row:
    may = [scope in scopes or not scope for scopes in ROLES.values()]
    return Row(method, path, scope, tuple("yes" if one else "no" for one in (*may, not scope)))
