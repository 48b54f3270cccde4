"""Reads the step documents of a saga, as diagnosis may (contracts/step_document.py)."""

from collections.abc import Mapping
from typing import Any

from saga_state.document import Saga
from services.cli.reaching import mongo_at
from services.cli.running_stack import Found
from services.runtime.mongo import database


async def documents_of(found: Found, saga: Saga) -> dict[str, Mapping[str, Any]]:
    """By step the document it has of the saga; a step that never heard of it has none."""
    names = [step["step"] for step in saga["steps"]]
    wanted = {"_id": saga["_id"], "tenant_id": saga["tenant_id"]}
    async with mongo_at(found.mongo) as client:
        places = {
            name: database(client, found.settings.database(f"onboarding_{name}")) for name in names
        }
        read = {name: await place.steps.find_one(wanted) for name, place in places.items()}
    return {name: form for name, form in read.items() if form is not None}
