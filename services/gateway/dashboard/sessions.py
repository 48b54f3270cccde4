"""Sessions of people who have logged in: how one looks, how long it counts; pure.

A session is a random token in a cookie. Only its SHA-256 is kept, with the id of the API key that
was shown at the log-in: what may be done is asked of that key anew with every request.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

LASTS = timedelta(hours=12)
TOKEN_BYTES = 32
LONGEST = 100  # of a cookie that may be one of ours


@dataclass(frozen=True, slots=True)
class Session:
    """What is kept of one. `digest` is its id."""

    digest: str
    key_id: str
    created_at: datetime
    expires_at: datetime


def new_token() -> str:
    """What the cookie says."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def session_of(token: str, key_id: str, now: datetime) -> Session:
    """A session that begins now."""
    return Session(digest_of(token), key_id, now, now + LASTS)


def digest_of(token: str) -> str:
    """What is kept of a token, hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def form_token(token: str) -> str:
    """What a form must bring back beside the cookie: who cannot read our pages cannot know it."""
    return hmac.new(token.encode(), b"form", hashlib.sha256).hexdigest()


def is_form_token(token: str, told: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(form_token(token).encode(), told.encode())
