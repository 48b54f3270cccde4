"""A state of the small world: everything that matters for what can happen next."""

from typing import Any, NamedTuple

CREATED, REMOVED, TOMB, REFUSED = 1, 2, 4, 8  # what an outside system keeps of a saga
STRAY_DO, STRAY_UNDO = 1, 2  # requests that nobody waits for, and that may still arrive
NO_CALL, DO, UNDO = 0, 1, 2


class Budgets(NamedTuple):
    """How often each disturbance may happen in one run of the world.

    crash: a worker dies, before or after any write or message. duplicate: something is heard
    again. early: a deadline, a watch or a lease ends though nobody is late. request: a person asks
    to undo. lost: the answer of a call is lost, whether or not it was done. no: an outside
    system refuses.
    """

    crash: int = 1
    duplicate: int = 1
    early: int = 1
    request: int = 1
    lost: int = 0
    no: int = 0


class State(NamedTuple):
    """Everything that matters for what can happen next, per step or in all."""

    documents: tuple[int, ...]
    unsent: tuple[int, ...]
    pending: tuple[int, ...]
    calls: tuple[int, ...]
    strays: tuple[int, ...]
    platforms: tuple[int, ...]
    published: int
    left: Budgets


class Move(NamedTuple):
    """What happens: to which step, in words, where to; `free`: it needs no disturbance."""

    step: int
    what: str
    detail: int
    after: State
    free: bool


def undone_at(kept: int) -> int:
    return kept | TOMB | (REMOVED if kept & CREATED else 0)


def with_place(state: State, field_: str, place: int, value: int) -> State:
    old: tuple[int, ...] = getattr(state, field_)
    if old[place] == value:
        return state
    changed: dict[str, Any] = {field_: (*old[:place], value, *old[place + 1 :])}
    return state._replace(**changed)


def spent(state: State, budget: str) -> State:
    left = state.left
    return state._replace(left=left._replace(**{budget: getattr(left, budget) - 1}))


def strayed(state: State, place: int) -> State:
    call = state.calls[place]
    if not call:
        return state
    stray = STRAY_DO if call == DO else STRAY_UNDO
    left = with_place(state, "strays", place, state.strays[place] | stray)
    return with_place(left, "calls", place, NO_CALL)


def done_at(kept: int) -> tuple[int, str]:
    """What a PUT leads to: the first answer is final; after an undo it comes too late."""
    if kept & TOMB:
        return kept, "later"
    if kept & REFUSED:
        return kept, "no"
    return kept | CREATED, "yes"
