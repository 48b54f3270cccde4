"""Single values replaced: each keeps what the rules read of it, and nothing of whom it is about.

A replacement is a kind and twelve digits made of the value under a secret key: the same value has
the same one everywhere, and who does not know the key cannot try values.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any
from uuid import UUID

from contracts.ids import is_partner_id
from contracts.partner_email import normalised_email
from services.registration.rules import normalised_country, normalised_phone

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_DOMAINS = ("example", "test", "example.com", "example.org", "example.net")  # RFC 2606
_OURS = 5  # the version of the UUIDs that we derive


@dataclass(frozen=True, slots=True)
class Replacing:
    """How to replace. `key` is secret. `denied_domains` are those of the rules of registration."""

    key: bytes
    denied_domains: Sequence[str] = ()


Value = Callable[[Replacing, Any], Any]


def token(how: Replacing, text: str) -> str:
    """Twelve digits (hex) that stand for a text under the key."""
    return hmac.new(how.key, text.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()[:12]


def kept(_how: Replacing, value: Any) -> Any:
    """As it is: a code, a number or a kind."""
    return value


def text_of(kind: str, most: int | None = None, known: Collection[str] = ()) -> Value:
    """A text. One of `known` stays, and so does one of spaces alone; one longer than `most`
    characters, where a rule reads that, is replaced by a longer one."""
    return partial(_text, kind, most, known)


def email(how: Replacing, value: Any) -> Any:
    """An address stays one, equal to the same others, and its domain denied or not; what is no
    address stays none."""
    if not isinstance(value, str):
        return same_type(how, value)
    address = normalised_email(value)
    if address is None:
        return _text("no-address", 320, (), how, value)
    return f"person-{token(how, address)}@{_domain(how, address.rpartition('@')[2])}"


def phone(how: Replacing, value: Any) -> Any:
    """A number stays one: +999 is the code of no country. What is none stays none."""
    number = normalised_phone(value) if isinstance(value, str) else None
    if number is None:
        return _text("no-number", None, (), how, value)
    return f"+999{int(token(how, number), 16) % 10**9:09d}"


def country(how: Replacing, value: Any) -> Any:
    """A country's code stays as it is."""
    if isinstance(value, str) and normalised_country(value) is not None:
        return value
    return _text("no-country", None, (), how, value)


def partner_id(how: Replacing, value: Any) -> Any:
    """One that a producer may give stays one; a reserved word, and one derived by us, stays."""
    if not isinstance(value, str) or is_partner_id(value):
        return identifier("partner")(how, value)
    is_reserved = len(value) < 64 and is_partner_id(f"a{value}")
    return value if is_reserved else f"no partner {token(how, value)}"


def identifier(kind: str) -> Value:
    """An id of somebody else. One that we derived (a UUID of version 5) tells nothing: it stays."""
    return partial(_identifier, kind)


def number(how: Replacing, value: Any) -> Any:
    """A number, or text that reads as one, stays."""
    if isinstance(value, str) and not _is_number(value):
        return _text("no-number", None, (), how, value)
    return value if isinstance(value, str | int | float) else same_type(how, value)


def day(how: Replacing, value: Any) -> Any:
    """A date stays."""
    is_date = isinstance(value, str) and _DATE.fullmatch(value) is not None
    return value if is_date else _text("no-date", None, (), how, value)


def code(how: Replacing, value: Any) -> Any:
    """A published code stays."""
    is_code = isinstance(value, str) and _CODE.fullmatch(value) is not None
    return value if is_code else _text("code", None, (), how, value)


def same_type(how: Replacing, value: Any) -> Any:
    """What stands where it should not: another value of its type, for that is all that is read."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text("text", None, (), how, value)
    if isinstance(value, int | float):
        return type(value)(int(token(how, repr(value)), 16) % 1_000_000)
    return {} if isinstance(value, dict) else [same_type(how, one) for one in value]


def _text(kind: str, most: int | None, known: Collection[str], how: Replacing, value: Any) -> Any:
    if not isinstance(value, str):
        return same_type(how, value)
    if value in known or not value.strip():
        return value
    found = f"{kind}-{token(how, value)}"
    return found.ljust(most + 1, "x") if most is not None and len(value) > most else found


def _identifier(kind: str, how: Replacing, value: Any) -> Any:
    if isinstance(value, str) and _is_derived(value):
        return value
    return _text(kind, 1024, (), how, value)


def _is_derived(text: str) -> bool:
    try:
        return UUID(text).version == _OURS and str(UUID(text)) == text
    except ValueError:
        return False


def _is_number(text: str) -> bool:
    try:
        Decimal(text)
    except InvalidOperation:
        return False
    return True


def _domain(how: Replacing, domain: str) -> str:
    name = f"d-{token(how, domain)}"
    denied = next((one for one in how.denied_domains if _is_under(domain, one)), None)
    if denied is not None:
        return f"{name}.{denied}"
    free = (top for top in _DOMAINS if not any(_is_under(top, one) for one in how.denied_domains))
    return f"{name}.{next(free, 'com')}"


def _is_under(domain: str, name: str) -> bool:
    return f".{domain}".endswith(f".{name}")
