"""What happens to one step, and what it has then: the words in which all moves are told."""

from collections.abc import Iterator
from typing import NamedTuple

from services.cli.proof.actors import Actor, Reaction
from services.cli.proof.messages import numbers_in
from services.cli.proof.states import DO, UNDO, Budgets, Local, still_out


class Happening(NamedTuple):
    """In words, by which message, what the step has before and after it, what was said.

    `free`: it needs no disturbance, so it will happen if nothing else does.
    """

    what: str
    message: int | None
    before: Local
    after: Local
    left: Budgets
    said: tuple[int, ...]
    free: bool
    cells: tuple[str, ...] = ()


def reacted(
    actor: Actor,
    what: str, message: int | None, before: Local, taken: Local, left: Budgets,
    reaction: Reaction, free: bool,
) -> Happening:  # fmt: skip
    """It all went well: recorded, said, and the call begun. `taken` is `before` without what it
    reacts to. What may be unsent is so until the whole outbox was said."""
    outbox = actor.outbox(reaction.document)
    unsent = int(bool(taken.unsent) and not set(outbox) <= set(reaction.said))
    after = taken._replace(document=reaction.document, unsent=unsent)
    if reaction.calls:
        after = after.alone()._replace(call=DO if reaction.calls == "do" else UNDO)
    return Happening(what, message, before, after, left, reaction.said, free, reaction.cells)


def deaths(
    happening: Happening, taken: Local, actor: Actor, reaction: Reaction, heard: int | None = None
) -> Iterator[Happening]:
    """The worker dies after any write or message. What it `heard` comes again, unless it had been
    acknowledged; what it said may be unsent for all that is known; its call is nobody's."""
    if not happening.left.crash:
        return
    rest = happening.left.without("crash")
    for death in dict.fromkeys(reaction.deaths):
        again = 0 if heard is None or death.acknowledged else 1 << heard
        unsent = int(bool(actor.outbox(death.document)))
        after = taken.alone()._replace(
            document=death.document, unsent=unsent, pending=taken.pending | again
        )
        what = f"{happening.what}, dies after {len(death.said)} said"
        message, before = happening.message, happening.before
        yield Happening(what, message, before, after, rest, death.said, free=False)


def settled(actor: Actor, local: Local, left: Budgets) -> Local:
    """Without what can never matter again, so that what behaves alike is alike: times at which
    nothing can strike any more, requests and messages that will change and say nothing."""
    document = actor.patient(local.document, left.watches, left.deadlines)
    strays = still_out(local.strays, local.platform)
    return heeding(actor, local._replace(document=document, strays=strays))


def heeding(actor: Actor, local: Local) -> Local:
    """Without the messages that will change and say nothing."""
    pending = sum(1 << n for n in numbers_in(local.pending) if actor.matters(local.document, n))
    return local if pending == local.pending else local._replace(pending=pending)
