"""`onboarding audit list`: who did what."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from services.cli.options import Output
from services.cli.printing import answer, cell, empty_table
from services.cli.projection import open_mongo
from services.cli.running_stack import Found, find_stack
from services.cli.times import time_of_day
from services.gateway.audit import Act, AuditWanted, act_json
from services.gateway.audit_store import AuditStore

_COLUMNS = ("at", "who", "what", "saga", "outcome", "from", "reason")


def list_acts(
    data: Path | None, tenant: str, wanted: AuditWanted, limit: int, output: Output
) -> None:
    """The latest first. CliError (2) if nothing runs and no MongoDB is named."""
    acts = asyncio.run(_listed(find_stack(data, ("mongo",)), tenant, wanted, limit))
    table = empty_table(*_COLUMNS)
    for act in acts:
        table.add_row(time_of_day(act["at"]), *(cell(one) for one in _told(act)))
    answer([act_json(act) for act in acts], output, table)


def _told(act: Act) -> Sequence[Any]:
    return act["who"], act["what"], act["saga_id"], act["outcome"], act["where"], act["reason"]


async def _listed(found: Found, tenant: str, wanted: AuditWanted, limit: int) -> Sequence[Act]:
    async with open_mongo(found) as client:
        acts = AuditStore(client, found.settings.database("onboarding_gateway"))
        await acts.ensure()
        return await acts.listed(tenant, wanted, limit)
