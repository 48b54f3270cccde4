"""`onboarding undo-plan`: what compensating a saga would do, before anybody asks for it."""

import asyncio
import shlex
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from saga_state.document import Saga
from saga_state.undo_plan import FLEET, OVER, PlannedUndo, UndoPlan, like_it, undo_plan
from services.cli.errors import NO, CliError
from services.cli.options import Output
from services.cli.printing import answer_one, cell, counted, empty_table, note
from services.cli.projection import open_projection, sagas_of
from services.cli.running_stack import Found, find_stack
from services.cli.saga_tables import coloured
from services.cli.times import duration
from services.cli.wishes import check_step, the_one_to_undo


def show_undo_plan(
    data: Path | None, tenant: str, text: str, step: str | None, output: Output
) -> None:
    """The plan; CliError (1) after it if nobody may ask for that now."""
    found = find_stack(data, ("mongo",))
    plan = asyncio.run(_plan(found, tenant, text, step))
    answer_one(dict(plan), output, shown(plan))
    if plan["refused"] is not None:
        raise CliError(f"{plan['saga_id']} cannot be undone now: {plan['refused']}", NO)


def meant(sagas: list[Saga], text: str) -> Saga:
    """The saga that `compensate` would take; if it would take none, the newest. Of several it is
    said which, and why."""
    none = all(saga["status"] in OVER for saga in sagas)
    one = sagas[0] if none else the_one_to_undo(sagas, text)
    if len(sagas) > 1:
        why = "the newest: none can be undone" if none else "the only one that can be undone"
        note(f"{text} stands for {len(sagas)} sagas; this is {one['_id']}, {why}")
    return one


def shown(plan: UndoPlan) -> RenderableType:
    """Step by step in order, what is to be expected, and the command that does it."""
    table = empty_table("", "step", "state", "undoing it", "because", "after", "takes about")
    for number, one in enumerate(plan["steps"], 1):
        table.add_row(str(number), *(cell(value) for value in _row(one).values()))
    return Group(_head(plan), table, *([] if plan["refused"] else [_command(plan)]))


def _row(one: PlannedUndo) -> dict[str, Any]:
    return {
        "step": one["step"],
        "state": coloured(one["state"]),
        "undoing it": _WORDS[one["effect"]].format(undo=one["undo"]),
        "because": one["why"],
        "after": one["after"] or "the request",
        "takes about": _takes(one),
    }


def _takes(one: PlannedUndo) -> str:
    if one["expected_ms"] is None:
        return ""
    sources = {
        "fleet": f"median of {counted(one['fleet_count'], 'undone saga', 'undone sagas')}",
        "this saga": "as long as doing it took",
        "timeout": "its timeout",
    }
    return f"{duration(one['expected_ms'])} ({sources[one['expected_from'] or 'timeout']})"


def _head(plan: UndoPlan) -> Text:
    saga = f"saga {plan['saga_id']} ({plan['status']}), plan {plan['hash']}"
    if plan["refused"]:
        return Text(saga)
    takes = f"about {duration(plan['expected_ms'])} in all"
    fails = f"an undo that fails is tried for {duration(plan['gives_up_after_ms'])}"
    return Text(f"{saga}\n{takes}; {fails}, then it waits for a person")


def _command(plan: UndoPlan) -> Text:
    step = f" --step {plan['failed_step']}" if plan["failed_step"] else ""
    tenant = "" if plan["tenant_id"] == "default" else f" --tenant {plan['tenant_id']}"
    asked = (
        f"onboarding compensate {shlex.quote(plan['saga_id'])}{step}{tenant} --plan {plan['hash']}"
    )
    return Text(f"{asked} --reason '...'")


async def _plan(found: Found, tenant: str, text: str, step: str | None) -> UndoPlan:
    settings = found.settings
    async with open_projection(found) as store:
        saga = meant(await sagas_of(store, tenant, text), text)
        check_step(step, saga)
        fleet: list[Saga] = await store.listed(tenant, like_it(saga), FLEET)
    return undo_plan(
        saga,
        fleet,
        step,
        lambda row: settings.step_timeout(row.name, row.timeout_seconds),
        settings.undo_hours * 3600,
    )


_WORDS = {
    "reversed": "{undo}",
    "unknown": "unknown: {undo}, if it happened",
    "by_hand": "cannot: a person must {undo}",
    "undone": "nothing left to do",
    "nothing": "nothing to undo",
}
