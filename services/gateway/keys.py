"""API keys: how one looks, what is kept of it, whether it counts at a moment; pure.

A key is `obk_<name>_<secret>`: a prefix that scanners of leaked secrets can know, the id of its
record, and 256 random bits. Only the SHA-256 of the whole is kept: the secret is random, so nothing
slower is needed (OWASP, "Password Storage", is about passwords that people choose).
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

PREFIX = "obk"
ID_BYTES, SECRET_BYTES = 6, 32
_KEY = re.compile(r"obk_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Key:
    """What is kept of a key. `name` says whose it is, for the audit; it is bound to a tenant."""

    key_id: str
    digest: str
    name: str
    tenant_id: str
    scopes: frozenset[str]
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


def new_secret() -> tuple[str, str]:
    """A key as its owner is told it, once, and its id."""
    key_id = secrets.token_hex(ID_BYTES)
    return f"{PREFIX}_{key_id}_{secrets.token_urlsafe(SECRET_BYTES)}", key_id


def id_in(text: str) -> str | None:
    """The id of the record of a key; None for what is no key of ours."""
    found = _KEY.fullmatch(text)
    return found[1] if found else None


def digest_of(text: str) -> str:
    """What is kept of a key, hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def opens(key: Key | None, text: str, now: datetime) -> bool:
    """Whether the text is this key, and it counts now; compared in constant time."""
    kept = key.digest if key else digest_of("")
    same = hmac.compare_digest(kept, digest_of(text))
    return key is not None and same and counts(key, now)


def counts(key: Key, now: datetime) -> bool:
    """Whether it is neither revoked nor expired."""
    return key.revoked_at is None and (key.expires_at is None or now < key.expires_at)
