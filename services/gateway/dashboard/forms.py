"""Reads what a form of ours sent, and refuses what another page sent in its name."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from fastapi import Request

from services.gateway.dashboard.sessions import is_form_token
from services.gateway.problems import BadRequest, NotAllowed
from services.gateway.sites import is_foreign

FIELDS_MAX, FIELD_MAX = 20, 4_096
TOKEN = "form_token"  # noqa: S105  # the field's name


async def form_of(
    request: Request, token: str | None, longest: int = FIELD_MAX
) -> Mapping[str, str]:
    """Its fields by name, none longer than that. NotAllowed if it is not from a page that was made
    for that token; BadRequest if it cannot be read."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise BadRequest("NO_FORM", "a form is to be sent as application/x-www-form-urlencoded")
    try:
        text = (await request.body()).decode()
        told = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MAX))
    except ValueError:
        raise BadRequest("NO_FORM", "what was sent is no form") from None
    foreign = is_foreign(request.headers)
    if token is None or foreign or not is_form_token(token, told.pop(TOKEN, "")):
        line = "this form is not of the page that you are logged in with: load the page anew"
        raise NotAllowed("FORM_NOT_OURS", line)
    return {name: value[:longest] for name, value in told.items()}
