"""The JSON Schema (2020-12) of an event model, as a dictionary and as the text of its file."""

import json
from typing import Any

from contracts.envelope import schema_of
from contracts.events import EventData

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_name(model: type[EventData]) -> str:
    """`ContractCreated.v1`: the name of the files of an event model, without an ending."""
    return f"{model.__name__}.v{model.VERSION}"


def json_schema(model: type[EventData]) -> Schema:
    """What a reader accepts; a writer keeps to it. Its `$id` is what `ce_dataschema` says."""
    return {**model.model_json_schema(), "$schema": DIALECT, "$id": schema_of(model)}


def as_file(document: Any) -> str:
    """Always the same text for the same document."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
