"""The committed schemas, examples and AsyncAPI document, read from the installed package."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs

from contracts.envelope import Record
from contracts.json_schemas import Schema


def schema_text(name: str, version: int) -> str:
    """The file of an event's JSON Schema. Raises FileNotFoundError if there is none."""
    return (_FOLDER / "schemas" / f"{name}.v{version}.json").read_text("utf-8")


def schema(name: str, version: int) -> Schema:
    """The JSON Schema of an event. Raises FileNotFoundError if there is none."""
    found: Schema = json.loads(schema_text(name, version))
    return found


def example(name: str, version: int) -> dict[str, Any]:
    """The frozen example {topic, key, headers, value}. Raises FileNotFoundError if none."""
    text = (_FOLDER / "examples" / f"{name}.v{version}.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def example_record(name: str, version: int) -> Record:
    """The frozen example as a record of its topic (first of partition 0, at the time 0)."""
    message = example(name, version)
    headers = tuple((header, text.encode()) for header, text in message["headers"].items())
    value = json.dumps(message["value"], ensure_ascii=False).encode()
    return Record(message["topic"], 0, 0, message["key"].encode(), value, headers, 0)


def asyncapi_text() -> str:
    """The AsyncAPI 3.0 document of all topics, messages, senders and receivers."""
    return (_FOLDER / "asyncapi.json").read_text("utf-8")


def wrong_in(name: str, version: int, data: Any) -> list[str]:
    """Where data does not fit the schema of an event, without its values; empty: it fits."""
    found = _validator(name, version).iter_errors(data)
    return [f"{_place(error)}: {error.message}" for error in found]


def _place(error: jsonschema_rs.ValidationError) -> str:
    return ".".join(map(str, error.instance_path)) or "data"


@cache
def _validator(name: str, version: int) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        schema(name, version), validate_formats=True, mask="the value"
    )


_FOLDER = files("contracts")
