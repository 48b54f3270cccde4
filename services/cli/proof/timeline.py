"""A violation as a person reads it: what happened, one line each, with what each step had then."""

from services.cli.proof.search import Violation
from services.cli.proof.small_world import SmallWorld
from services.cli.proof.states import Move
from services.runtime.document import Document


def told(world: SmallWorld, violation: Violation) -> list[str]:
    """The moves in order; what is broken last."""
    lines = [
        f"  {number:>2}  {_line(world, move)}" for number, move in enumerate(violation.moves, 1)
    ]
    return [*lines, f"  =>  {violation.what}"]


def _line(world: SmallWorld, move: Move) -> str:
    name = world.journey.step_names[move.step] if move.step >= 0 else ""
    about = _message(world, move.detail) if move.what.startswith("hears") or move.step < 0 else ""
    one = _document(world, move)
    state = f"-> {one.state}" if one else ""
    return f"{name:<13} {move.what} {about} {state}".rstrip()


def _message(world: SmallWorld, number: int) -> str:
    event = world.actors[0].reader.read(world.messages.record(number))
    step = event.body.get("failed_step", event.body.get("step"))
    return f"{event.name}{f'({step})' if step else ''} of {event.source}"


def _document(world: SmallWorld, move: Move) -> Document | None:
    if move.step < 0:
        return None
    return world.actors[move.step].documents[move.after.documents[move.step]]
