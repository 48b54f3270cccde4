"""What a key may do: scopes, and the roles that are sets of them."""

from collections.abc import Mapping
from typing import Literal, get_args

Scope = Literal[
    "sagas:start",
    "sagas:read",
    "sagas:compensate",
    "dlq:read",
    "dlq:write",
    "audit:read",
    "pii:read",
    "admin",
]
SCOPES: frozenset[str] = frozenset(get_args(Scope))
Role = Literal["viewer", "operator", "admin"]
ROLES: Mapping[str, frozenset[str]] = {
    "viewer": frozenset({"sagas:read", "dlq:read"}),
    "operator": frozenset(
        {"sagas:start", "sagas:read", "sagas:compensate", "dlq:read", "dlq:write"}
    ),
    "admin": SCOPES,
}
