"""The key by which a partner is found by e-mail, without the e-mail being stored."""

import hashlib
import hmac

from contracts.partner_email import normalised_email


def partner_hash(key: bytes, email: str) -> str | None:
    """HMAC-SHA256 (hex) of the normalised address under ONBOARDING_HASH_KEY; None: not valid.

    Bind the key with functools.partial; who changes the key must rebuild the projection.
    """
    address = normalised_email(email)
    if address is None:
        return None
    return hmac.new(key, address.encode(), hashlib.sha256).hexdigest()


def fingerprint(key: bytes) -> str:
    """By which two processes know whether they have the same key; it tells nothing of it."""
    return hmac.new(key, b"onboarding: which key is it", hashlib.sha256).hexdigest()[:16]
