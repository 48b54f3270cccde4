"""`onboarding keys`: who may use the gateway, for which tenant, and what they may do."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from services.cli.auditing import tell
from services.cli.errors import NO, USAGE, CliError
from services.cli.options import Output, one_of
from services.cli.printing import answer, answer_one, cell, empty_table, note
from services.cli.projection import open_mongo
from services.cli.running_stack import Found, find_stack
from services.cli.times import time_of_day
from services.gateway.key_store import KeyStore
from services.gateway.keys import Key, counts, digest_of, new_secret
from services.gateway.roles import ROLES, SCOPES
from services.runtime.mongo import Client

NEEDS = ("mongo",)
NAME_MAX = 100


@dataclass(frozen=True, slots=True)
class NewKey:
    """What is asked for. `scopes` come on top of those of the role."""

    name: str
    tenant: str
    role: str | None
    scopes: Sequence[str]
    days: int | None


def create_key(data: Path | None, asked: NewKey, by: str, output: Output) -> None:
    """Show a new key, once. CliError (2) for a name, role or scope that cannot be."""
    found = find_stack(data, NEEDS)
    text, key_id = new_secret()
    now = datetime.now(UTC)
    expires_at = now + timedelta(days=asked.days) if asked.days else None
    key = Key(
        key_id,
        digest_of(text),
        _name(asked.name),
        asked.tenant,
        _scopes(asked),
        now,
        by,
        expires_at,
    )
    asyncio.run(_create(found, key, by))
    _show_new(key, text, output)


def list_keys(data: Path | None, tenant: str | None, output: Output) -> None:
    """All keys, without what opens them."""
    keys = asyncio.run(_listed(find_stack(data, NEEDS), tenant))
    rows = [_row(key, datetime.now(UTC)) for key in keys]
    answer(rows, output, _table(rows))


def rotate_key(data: Path | None, key_id: str, hours: float, by: str, output: Output) -> None:
    """Show a key in the place of another, which counts for some hours more. CliError (1): none."""
    text, new_id = new_secret()
    found, now = find_stack(data, NEEDS), datetime.now(UTC)
    until = now + timedelta(hours=hours)
    key = asyncio.run(_rotate(found, key_id, (new_id, digest_of(text)), until, by))
    _show_new(key, text, output)
    note(f"{key_id} is valid until {until:%Y-%m-%d %H:%M:%S}Z")


def revoke_key(data: Path | None, key_id: str, by: str) -> None:
    """From now on it does not count; gateways know within five seconds. CliError (1): none."""
    asyncio.run(_revoke(find_stack(data, NEEDS), key_id, by))
    note(f"{key_id} is revoked; gateways know within 5 s")


async def _create(found: Found, key: Key, by: str) -> None:
    async with _keys(found) as (client, keys):
        await keys.ensure()
        await tell(client, found.settings, key.tenant_id, by, "key.create", reason=_named(key))
        await keys.add(key)


async def _listed(found: Found, tenant: str | None) -> Sequence[Key]:
    async with _keys(found) as (_, keys):
        return await keys.listed(tenant)


async def _rotate(found: Found, key_id: str, new: tuple[str, str], until: datetime, by: str) -> Key:
    async with _keys(found) as (client, keys):
        old = _there(await keys.find(key_id), key_id)
        now = datetime.now(UTC)
        if not counts(old, now):
            raise CliError(f"{key_id} is not valid any more: `onboarding keys create`", NO)
        lives = old.expires_at - old.created_at if old.expires_at else None
        key = replace(
            old,
            key_id=new[0],
            digest=new[1],
            created_at=now,
            created_by=by,
            expires_at=now + lives if lives else None,
            last_used_at=None,
        )
        await tell(client, found.settings, key.tenant_id, by, "key.rotate", reason=_named(key))
        await keys.add(key)
        await keys.ends(key_id, until)
        return key


async def _revoke(found: Found, key_id: str, by: str) -> None:
    async with _keys(found) as (client, keys):
        key = _there(await keys.find(key_id), key_id)
        await keys.revoke(key_id, datetime.now(UTC))
        await tell(client, found.settings, key.tenant_id, by, "key.revoke", reason=_named(key))


@asynccontextmanager
async def _keys(found: Found) -> AsyncIterator[tuple[Client, KeyStore]]:
    async with open_mongo(found) as client:
        yield client, KeyStore(client, found.settings.database("onboarding_gateway"))


def _there(key: Key | None, key_id: str) -> Key:
    if key is None:
        raise CliError(f"no key {key_id!r}: `onboarding keys list` shows their ids", NO)
    return key


def _named(key: Key) -> str:
    return f"{key.key_id} {key.name}"


def _name(text: str) -> str:
    told = " ".join(text.split())
    if not told or len(told) > NAME_MAX:
        raise CliError(f"NAME: say whose key it is, in 1 to {NAME_MAX} characters", USAGE)
    return told


def _scopes(asked: NewKey) -> frozenset[str]:
    one_of("--role", asked.role, ROLES)
    for scope in asked.scopes:
        one_of("--scope", scope, sorted(SCOPES))
    scopes = frozenset(asked.scopes) | (ROLES[asked.role] if asked.role else frozenset())
    if not scopes:
        raise CliError("say what it may do: --role viewer, operator or admin, or --scope", USAGE)
    return scopes


def _show_new(key: Key, text: str, output: Output) -> None:
    shown = Text(f"{text}\n\n{key.name}, tenant {key.tenant_id}: {' '.join(sorted(key.scopes))}")
    answer_one({"key": text, **_row(key, key.created_at)}, output, shown)
    note("it is shown this once; what is kept of it does not open anything")


def _table(rows: Sequence[dict[str, Any]]) -> RenderableType:
    table = empty_table("key_id", "name", "tenant", "state", "last used", "expires", "may")
    for row in rows:
        used, expires = time_of_day(row["last_used_at"]), time_of_day(row["expires_at"])
        named = (row["key_id"], row["name"], row["tenant"], row["state"])
        table.add_row(*map(cell, named), used, expires, cell(" ".join(row["scopes"])))
    return table


def _row(key: Key, now: datetime) -> dict[str, Any]:
    state = "revoked" if key.revoked_at else "valid" if counts(key, now) else "expired"
    return {
        "key_id": key.key_id,
        "name": key.name,
        "tenant": key.tenant_id,
        "state": state,
        "scopes": sorted(key.scopes),
        "created_at": key.created_at,
        "created_by": key.created_by,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
    }
