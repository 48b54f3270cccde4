"""What a state of the small world is made of: what each step has, and what may still go wrong."""

from typing import NamedTuple

CREATED, REMOVED, TOMB, REFUSED = 1, 2, 4, 8  # what an outside system keeps of a saga
STRAY_DO, STRAY_UNDO = 1, 2  # requests that nobody waits for, and that may still arrive
NO_CALL, DO, UNDO = 0, 1, 2


class Budgets(NamedTuple):
    """How often each disturbance may happen in one run of the world.

    crash: a worker dies, before or after any write or message. duplicate: something is heard
    again. early: a deadline, a watch or a lease ends though nobody is late. request: a person asks
    to undo. lost: the answer of a call is lost, whether or not it was done. no: an outside
    system refuses. bug: a step's own code meets a bug, or its calls do, so often that the step or
    its undo is parked. redrive, resolve: a person sees what is parked, and asks. dead: a service is
    gone; back: and returns. due: a watch that nobody clears does speak in the end, at any moment.
    `silent` is no budget: the place, counted from 1, of the service that is gone.
    """

    crash: int = 0
    duplicate: int = 0
    early: int = 0
    request: int = 0
    lost: int = 0
    no: int = 0
    bug: int = 0
    redrive: int = 0
    resolve: int = 0
    dead: int = 0
    back: int = 0
    due: int = 0
    silent: int = 0

    def without(self, name: str) -> "Budgets":
        """With one disturbance less."""
        return self._replace(**{name: getattr(self, name) - 1})

    @property
    def shown(self) -> str:
        """As a person reads it."""
        return " ".join(f"{name} {left}" for name, left in self._asdict().items() if left)

    @property
    def watches(self) -> bool:
        """Whether a watch may still speak."""
        return bool(self.early or self.dead or self.silent or self.due)

    @property
    def deadlines(self) -> bool:
        """Whether a deadline may still strike: early, or what a bug has parked."""
        return bool(self.early or self.bug)


class Local(NamedTuple):
    """All that one step has: its document, what it may have left unsaid, its call that is out,
    requests that nobody waits for, what its outside system keeps, what it has still to hear."""

    document: int = 0
    unsent: int = 0
    call: int = NO_CALL
    strays: int = 0
    platform: int = 0
    pending: int = 0

    def alone(self) -> "Local":
        """After its worker died: nobody waits for the answer of its call."""
        if not self.call:
            return self
        stray = STRAY_DO if self.call == DO else STRAY_UNDO
        return self._replace(call=NO_CALL, strays=self.strays | stray)


def undone_at(kept: int) -> int:
    """What a DELETE leads to."""
    return kept | TOMB | (REMOVED if kept & CREATED else 0)


def done_at(kept: int) -> tuple[int, str]:
    """What a PUT leads to: the first answer is final; after an undo it comes too late."""
    if kept & TOMB:
        return kept, "later"
    if kept & REFUSED:
        return kept, "no"
    return kept | CREATED, "yes"


def still_out(strays: int, kept: int) -> int:
    """The requests that can still change what the outside system keeps. What was answered once
    is answered so for ever, so a request that changes nothing now never will."""
    if kept:
        strays &= ~STRAY_DO
    if kept & (TOMB | REMOVED):
        strays &= ~STRAY_UNDO
    return strays
