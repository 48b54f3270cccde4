"""Collections of the projection with their validators, which code of several versions may make.

In the middle of an upgrade an older worker may start again: it must not take from the validator the
statuses that the newer one writes.
"""

from collections.abc import Mapping
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure

from saga_state.schema import Schema

NAMESPACE_EXISTS = 48


async def ensure_collection(
    database: AsyncDatabase[dict[str, Any]], name: str, schema: Schema
) -> None:
    """Make it, or see that it is checked by this schema, and what others have added to statuses."""
    try:
        rule = {"$jsonSchema": schema}
        await database.create_collection(name, check_exists=False, validator=rule)
    except OperationFailure as error:
        if error.code != NAMESPACE_EXISTS:
            raise
        options = await database[name].options()
        present = options.get("validator", {}).get("$jsonSchema", {})
        rule = {"$jsonSchema": with_statuses_of(present, schema)}
        await database.command("collMod", name, validator=rule)


def with_statuses_of(present: Schema, schema: Schema) -> Schema:
    """The schema, which takes the statuses too that the present one takes. Pure."""
    known = _statuses(schema)
    more = [one for one in _statuses(present) if one not in known]
    if not more:
        return schema
    fields = {**schema["properties"], "status": {"enum": [*known, *more]}}
    return {**schema, "properties": fields}


def _statuses(schema: Schema) -> list[str]:
    status: Mapping[str, Any] = schema.get("properties", {}).get("status", {})
    return list(status.get("enum", ()))
