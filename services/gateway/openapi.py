"""The OpenAPI document: what the code says of the routes, with examples and error bodies.

`python -m services.gateway.openapi` writes docs/openapi.json; with `--check` it exits 1 if that
differs.
"""

import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from services.gateway.answers import ProblemBody
from services.gateway.problems import MEDIA_TYPE

VERSION = version("hexabuilders-onboarding")
FILE = Path("docs/openapi.json")
TAGS = [
    {"name": "onboarding", "description": "The journey of five steps."},
    {"name": "creation", "description": "The older API: a partner, then an alliance."},
    {"name": "operations", "description": "Health, audit."},
]
_KEYS: Mapping[str, Any] = {
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "bearer": {"type": "http", "scheme": "bearer"},
}
_ALWAYS = {
    "400": "It cannot be read.",
    "401": "No API key, or none that counts.",
    "403": "The key lacks the scope.",
    "429": "Too many requests; see Retry-After.",
    "503": "A server is away; see Retry-After. What became of a change is unknown: repeat it.",
}


def describe(app: FastAPI) -> None:
    """Have the app answer /openapi.json with the document made here."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    made = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        routes=app.routes,
        tags=app.openapi_tags,
    )
    parts = made.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    parts["securitySchemes"] = dict(_KEYS)
    for path in made["paths"].values():
        for operation in path.values():
            _complete(operation)
    return made


def _complete(operation: dict[str, Any]) -> None:
    """Who may ask, and how it goes wrong: the same for all but the open ones."""
    responses = operation.setdefault("responses", {})
    takes_parameters = responses.pop("422", None)  # FastAPI's own, of another shape
    wrong = {"422": "A parameter is wrong."} if takes_parameters else {}
    wrong |= operation.pop("x-problems", {})
    if operation.pop("x-open", False):
        wrong |= {status: _ALWAYS[status] for status in ("400", "429")}
    else:
        operation["security"] = [{name: []} for name in _KEYS]
        wrong |= _ALWAYS
    for status, about in sorted(wrong.items()):
        content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        responses[status] = {"description": about, "content": content}


def text() -> bytes:
    """The document as it is committed."""
    from services.gateway.app import make_app

    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(make_app(None).openapi(), option=options)


def main() -> None:
    """Write the document, or say that it differs."""
    made = text()
    if "--check" not in sys.argv:
        FILE.write_bytes(made)
    elif not FILE.is_file() or FILE.read_bytes() != made:
        sys.exit(f"{FILE} is not what the code says: make generate")


if __name__ == "__main__":
    main()
