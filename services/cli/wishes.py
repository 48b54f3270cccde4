"""`onboarding compensate` and `resolve`: what a person asks of one saga."""

import asyncio
import getpass
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.text import Text

from contracts.envelope import Message
from contracts.journey import JOURNEYS
from saga_state.asking import Asking, resolve_request, undo_request
from saga_state.document import Saga
from saga_state.undo_plan import OVER, plan_hash
from saga_state.why.commands import id_word
from services.cli.auditing import tell_if_possible
from services.cli.errors import NO, USAGE, CliError
from services.cli.options import Output, one_of
from services.cli.printing import answer_one, note
from services.cli.projection import open_projection, sagas_of
from services.cli.running_stack import Found, find_stack
from services.cli.saga_page import redrive_command, resolve_command
from services.cli.sending import sending
from services.gateway.audit import What

REASON_MAX = 500


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of which saga (any id), why and by whom. `plan`: the hash agreed to, if any."""

    text: str
    step: str | None
    reason: str
    by: str
    tenant: str = "default"
    dry_run: bool = False
    output: Output = Output.TABLE
    plan: str | None = None

    @property
    def asking(self) -> Asking:
        return Asking(self.by, self.reason, "cli")


def compensate(wish: Wish, data: Path | None) -> None:
    """Ask for everything to be undone, or as if `step` had failed. CliError (1) if it is over,
    waits for a person already, or is another plan by now."""
    found = find_stack(data)
    saga = asyncio.run(_saga_to_undo(found, wish))
    refuse_if_parked(saga)
    check_step(wish.step, saga)
    refuse_if_other_plan(saga, wish)
    prefix, now = found.settings.prefix, datetime.now(UTC)
    message = undo_request(saga, wish.asking, wish.step, now, prefix)
    _send(found, message, wish, saga, "saga.compensate")
    _tell(saga, message, wish, {"failed_step": wish.step}, f"`onboarding watch {id_word(saga)}`")


def resolve(wish: Wish, data: Path | None) -> None:
    """Say that an undo was done by hand. CliError (1) unless that undo is parked."""
    found = find_stack(data)
    saga = asyncio.run(_saga_with(found, wish))
    check_step(wish.step, saga)
    step = wish.step or ""
    state = next(one["state"] for one in saga["steps"] if one["step"] == step)
    if state != "undo_parked":
        line = f"the undo of {step} is not parked ({step} is {state}): nothing to resolve"
        raise CliError(line, NO)
    prefix, now = found.settings.prefix, datetime.now(UTC)
    message = resolve_request(saga, wish.asking, step, now, prefix)
    _send(found, message, wish, saga, "saga.resolve")
    _tell(saga, message, wish, {"step": step}, f"`onboarding status {id_word(saga)}`")


def reason_of(text: str | None) -> str:
    """CliError (2) without one: it stands in the log, and in the saga's document."""
    told = " ".join((text or "").split())
    if not told or len(told) > REASON_MAX:
        raise CliError(f"--reason: say why, in 1 to {REASON_MAX} characters", USAGE)
    return told


def person(by: str | None) -> str:
    """Who asks: --by, else the user of this machine. CliError (2) if nobody knows."""
    try:
        told = by or getpass.getuser()
    except (OSError, KeyError, ImportError):
        told = ""
    if not told or len(told) > 100:
        raise CliError("--by: say who asks, in 1 to 100 characters", USAGE)
    return told


def the_one_to_undo(sagas: list[Saga], text: str) -> Saga:
    """Of all that an id stands for the one that can be undone. CliError: 1 none, 2 several."""
    able = [saga for saga in sagas if saga["status"] not in OVER]
    if len(able) == 1:
        return able[0]
    if able:
        ids = ", ".join(saga["_id"] for saga in able)
        raise CliError(f"{text} stands for {len(able)} sagas; name one: {ids}", USAGE)
    status = sagas[0]["status"]
    raise CliError(f"{sagas[0]['_id']} is {status}: there is nothing to undo", NO)


def refuse_if_parked(saga: Saga) -> None:
    """CliError (1): asking again moves nothing while an undo is parked."""
    for step in (one["step"] for one in saga["steps"] if one["state"] == "undo_parked"):
        line = f"{saga['_id']} is being undone, and the undo of {step} is parked"
        mend = f"mend the cause and `{redrive_command(saga)}`"
        by_hand = f"or undo it by hand and `{resolve_command(saga, step)}`"
        raise CliError(f"{line}: {mend}, {by_hand}", NO)


def check_step(step: str | None, saga: Saga) -> None:
    """CliError (2) for a step that the saga's journey does not have."""
    journey = JOURNEYS.get((saga["journey"], saga["journey_version"]))
    one_of("--step", step, journey.step_names if journey else ())


def refuse_if_other_plan(saga: Saga, wish: Wish) -> None:
    """CliError (1): something was done or undone since the plan was made."""
    now = plan_hash(saga, wish.step)
    if wish.plan is not None and wish.plan != now:
        step = f" --step {wish.step}" if wish.step else ""
        look = f"`onboarding undo-plan {id_word(saga)}{step}`"
        line = f"the plan for {saga['_id']} is {now} now, not {wish.plan}"
        raise CliError(f"{line}: {look} shows it; nothing was asked", NO)


async def _saga_to_undo(found: Found, wish: Wish) -> Saga:
    return the_one_to_undo(await _sagas(found, wish), wish.text)


async def _saga_with(found: Found, wish: Wish) -> Saga:
    """Of all that an id stands for the one whose undo of that step is parked, else the newest."""
    sagas = await _sagas(found, wish)
    parked = [saga for saga in sagas if _has_parked_undo(saga, wish.step)]
    if len(parked) > 1:
        ids = ", ".join(saga["_id"] for saga in parked)
        raise CliError(f"{wish.text} stands for {len(parked)} sagas; name one: {ids}", USAGE)
    return (parked or sagas)[0]


async def _sagas(found: Found, wish: Wish) -> list[Saga]:
    async with open_projection(found) as store:
        return await sagas_of(store, wish.tenant, wish.text)


def _has_parked_undo(saga: Saga, step: str | None) -> bool:
    return any(one["step"] == step and one["state"] == "undo_parked" for one in saga["steps"])


def _send(found: Found, message: Message, wish: Wish, saga: Saga, what: What) -> None:
    if not wish.dry_run:
        asyncio.run(_sent(found, message, wish, saga, what))


async def _sent(found: Found, message: Message, wish: Wish, saga: Saga, what: What) -> None:
    async with sending(found.settings) as sender:
        await sender.send([message])
    told = {"saga_id": saga["_id"], "reason": wish.reason}
    await tell_if_possible(found, saga["tenant_id"], wish.by, what, **told)


def _tell(saga: Saga, message: Message, wish: Wish, more: dict[str, Any], then: str) -> None:
    told = {
        "saga_id": saga["_id"],
        "partner_id": saga["partner_id"],
        "status": saga["status"],
        **more,
        "reason": wish.reason,
        "requested_by": wish.by,
        "event_id": message.event_id,
        "sent": not wish.dry_run,
    }
    line = f"{'would ask' if wish.dry_run else 'asked'} on {message.topic} for {saga['_id']}"
    shown = Text(f"{line} ({saga['status']}), by {wish.by}: {wish.reason}")
    answer_one(told, wish.output, shown)
    if not wish.dry_run:
        note(f"it is done when the services have heard it: {then}")
