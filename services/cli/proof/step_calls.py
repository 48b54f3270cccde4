"""Calls to an outside system: how they are answered, lost, or land when nobody waits for them."""

from collections.abc import Iterator

from services.cli.proof.actors import LEASE, OLD_LEASE, OVER, Actor
from services.cli.proof.happenings import Happening, deaths, reacted
from services.cli.proof.states import (
    CREATED,
    DO,
    NO_CALL,
    REFUSED,
    REMOVED,
    STRAY_DO,
    STRAY_UNDO,
    UNDO,
    Budgets,
    Local,
    done_at,
    undone_at,
)
from services.runtime.arrivals import Answered
from services.runtime.step import Rejected

NO = Rejected("NO", "No.")
TOLD = {"yes": "yes", "later": "later", "bug": "bug", "no": NO}


def answers(actor: Actor, local: Local, left: Budgets) -> Iterator[Happening]:
    """The call that is out is answered, or no answer comes, or one that nobody expected."""
    yield from _too_late(actor, local, left)
    if local.call == DO:
        yield from _answer(actor, local, left, "do", *done_at(local.platform))
        if left.no and not local.platform:
            yield from _answer(actor, local, left.without("no"), "do", REFUSED, "no")
    elif local.call == UNDO:
        yield from _answer(actor, local, left, "undo", undone_at(local.platform), "yes")
    if local.call:
        for budget, told in (("lost", "later"), ("bug", "bug")):
            if getattr(left, budget):
                yield from _unanswered(actor, local, left.without(budget), told)
        yield from _over(actor, local, left)


def strays(local: Local, left: Budgets) -> Iterator[Happening]:
    """A request that nobody waits for lands, or is lost on its way."""
    for stray in (STRAY_DO, STRAY_UNDO):
        if local.strays & stray:
            kept = local.platform
            now = done_at(kept)[0] if stray == STRAY_DO else undone_at(kept)
            rest = local._replace(strays=local.strays & ~stray)
            name = "do" if stray == STRAY_DO else "undo"
            landed = rest._replace(platform=now)
            yield Happening(f"late {name} lands", None, local, landed, left, (), True)
            yield Happening(f"late {name} is lost", None, local, rest, left, (), False)


def _answer(
    actor: Actor, local: Local, left: Budgets, call: str, kept: int, told: str
) -> Iterator[Happening]:
    """It landed, and the answer arrives."""
    taken = local._replace(platform=kept, call=NO_CALL)
    reaction = actor.meets(local.document, _answered(LEASE, told))
    answered = reacted(actor, f"{call}: {told}", None, local, taken, left, reaction, free=True)
    yield answered
    yield from deaths(answered, taken, actor, reaction)


def _unanswered(actor: Actor, local: Local, left: Budgets, told: str) -> Iterator[Happening]:
    """Nobody knows whether it landed, or will."""
    reaction, taken = actor.meets(local.document, _answered(LEASE, told)), local.alone()
    what = f"{'do' if local.call == DO else 'undo'}: {told}"
    unanswered = reacted(actor, what, None, local, taken, left, reaction, free=False)
    yield unanswered
    yield from deaths(unanswered, taken, actor, reaction)


def _over(actor: Actor, local: Local, left: Budgets) -> Iterator[Happening]:
    """No answer for longer than any request can live: then what a person undid by hand counts as
    undone, and no request is out any more."""
    one = actor.documents[local.document]
    if one is not None and one.resolving and left.lost:
        reaction = actor.meets(local.document, _answered(LEASE, "later"), OVER)
        kept = local.platform | (REMOVED if local.platform & CREATED else 0)
        taken = local._replace(call=NO_CALL, strays=0, platform=kept)
        rest = left.without("lost")
        yield reacted(
            actor, "undo: nothing for long", None, local, taken, rest, reaction, free=False
        )


def _too_late(actor: Actor, local: Local, left: Budgets) -> Iterator[Happening]:
    """The answer of a call that is over. It counts for nothing, in every document that is reached
    (W5): this is looked at here, and so such answers need not be kept in the states."""
    if local.document == 0 or not actor.outside:
        return
    for told in TOLD:
        reaction = actor.meets(local.document, _answered(OLD_LEASE, told))
        if reaction.document != local.document or reaction.said or reaction.calls:
            what = f"old answer: {told}"
            yield reacted(actor, what, None, local, local, left, reaction, free=False)


def _answered(lease: str, told: str) -> Answered:
    return Answered(lease, TOLD[told])  # type: ignore[arg-type]
