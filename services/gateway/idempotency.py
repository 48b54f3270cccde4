"""The header Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): how one looks."""

import re
from typing import Annotated

from fastapi import Header

from services.gateway.problems import BadRequest

KEY = "Idempotency-Key"
PATTERN = r'^"?[A-Za-z0-9._:/+=-]{1,200}"?$'
_KEY = re.compile(r'"?([A-Za-z0-9._:/+=-]{1,200})"?')
IdempotencyKey = Annotated[str | None, Header(alias=KEY, json_schema_extra={"pattern": PATTERN})]


def checked_key(text: str | None) -> str | None:
    """The key without its quotes; None without one. BadRequest for what is none."""
    if text is None:
        return None
    found = _KEY.fullmatch(text)
    if found is None:
        line = f"{KEY}: send 1 to 200 of A-Z a-z 0-9 . _ : / + = - (a UUID, for example)"
        raise BadRequest("INVALID_IDEMPOTENCY_KEY", line)
    return found[1]
