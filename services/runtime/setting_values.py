"""What the values of settings can be; the texts of the errors name no value."""

import ipaddress
import re
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

_VISIBLE = re.compile(r"[!-~]+")


def _brokers(value: str) -> str:
    if not all(_is_address(part.strip()) for part in value.split(",")):
        raise ValueError("must be host:port, comma separated")
    return value


def _mongo_uri(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("mongodb://", "mongodb+srv://")):
        raise ValueError("must start with mongodb:// or mongodb+srv://")
    return value


def _http_url(value: str) -> str:
    url = _split(value) if _VISIBLE.fullmatch(value) else None
    if url is None or url.scheme not in ("http", "https") or not url.hostname:
        raise ValueError("must be http://host[:port][/path], or the same with https")
    if "@" in url.netloc or "?" in value or "#" in value:
        raise ValueError("must have no user, query or fragment")
    return value.rstrip("/")


def _token(value: SecretStr) -> SecretStr:
    if not _VISIBLE.fullmatch(value.get_secret_value()):
        raise ValueError("must be visible ASCII characters, without spaces")
    return value


def _is_address(text: str) -> bool:
    url = _split(f"//{text}")
    return bool(url and url.hostname and url.port)


def _names(value: object) -> object:
    if isinstance(value, str):
        return frozenset(part.strip() for part in value.split(",") if part.strip())
    return value


def _networks(value: frozenset[str]) -> frozenset[str]:
    for one in value:
        try:
            ipaddress.ip_network(one)
        except ValueError:
            raise ValueError("must be addresses or networks, such as 10.0.0.0/8") from None
    return value


def _split(text: str) -> SplitResult | None:
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:  # a port above 65535, half an IPv6 address
        return None
    return url


Bytes = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0, le=86_400 * 365)]
Brokers = Annotated[str, AfterValidator(_brokers)]
MongoUri = Annotated[SecretStr, AfterValidator(_mongo_uri)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
Token = Annotated[SecretStr, AfterValidator(_token)]
Names = Annotated[frozenset[str], NoDecode, BeforeValidator(_names)]
"""Comma separated."""
Networks = Annotated[Names, AfterValidator(_networks)]
"""The same, of IP addresses and networks."""
