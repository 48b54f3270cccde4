"""A violation as a person reads it: what happened, one line each, with what each step had then."""

from services.cli.proof.places import Move
from services.cli.proof.search import Violation
from services.cli.proof.small_world import SmallWorld


def told(world: SmallWorld, violation: Violation) -> list[str]:
    """The moves in order; what is broken last."""
    lines = [
        f"  {number:>2}  {_line(world, move, after)}"
        for number, (move, after) in enumerate(violation.way, 1)
    ]
    return [*lines, f"  =>  {violation.what}"]


def _line(world: SmallWorld, move: Move, after: int) -> str:
    name = world.journey.step_names[move.place] if move.place >= 0 else ""
    about, state = _messages(world, move), _state(world, move, after)
    return f"{name:<13} {move.happening.what} {about} {state}".rstrip()


def _messages(world: SmallWorld, move: Move) -> str:
    heard = move.happening.message
    said = [_message(world, number) for number in move.happening.said]
    words = [] if heard is None else [_message(world, heard)]
    return " ".join([*words, *([f"(says {', '.join(said)})"] if said and move.place >= 0 else [])])


def _message(world: SmallWorld, number: int) -> str:
    event = world.messages.event(number)
    if event is None:
        return "a copy of what it heard"
    step = event.body.get("failed_step", event.body.get("step"))
    return f"{event.name}{f'({step})' if step else ''} of {event.source}"


def _state(world: SmallWorld, move: Move, after: int) -> str:
    if move.place < 0:
        return ""
    place = world.places[move.place]
    one = place.actor.documents[place.has(after).document]
    return f"-> {one.state}" if one else ""
