"""All that can happen next at one step, but for its calls.

It depends on what the step has, and on what may still go wrong: what the other steps have does not
matter here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from services.cli.proof import step_calls
from services.cli.proof.actors import ABSENT, Actor, Reaction
from services.cli.proof.happenings import Happening, deaths, reacted
from services.cli.proof.messages import numbers_in
from services.cli.proof.states import Budgets, Local
from services.runtime.arrivals import Due

BUDGET_OF_WISH = {"parked": ("redrive",), "undo_parked": ("redrive", "resolve")}


@dataclass(frozen=True, slots=True)
class StepMoves:
    """One step. `wishes` has the messages of a person to it, by their kind."""

    place: int
    actor: Actor
    wishes: Mapping[str, int]

    def all_of(self, local: Local, left: Budgets) -> Iterator[Happening]:
        """What can happen, whatever was said; `heard_again` has the rest."""
        yield from step_calls.strays(local, left)
        if left.silent == self.place + 1:
            if left.back:
                back = left.without("back")._replace(silent=0)
                yield Happening("is back", None, local, local, back, (), False)
            return
        yield from self._deliveries(local, left)
        yield from self._times(local, left)
        yield from step_calls.answers(self.actor, local, left)
        yield from self._resends(local, left)
        yield from self._deaths(local, left)
        yield from self._wishes(local, left)

    def heard_again(self, local: Local, left: Budgets, published: int) -> Iterator[Happening]:
        """What was heard already is delivered once more."""
        rest = left.without("duplicate")
        for number in numbers_in(published & ~local.pending):
            reaction = self.actor.hears(local.document, number)
            if reaction.said or reaction.document != local.document:
                met = reacted(
                    self.actor, "hears again", number, local, local, rest, reaction, free=False
                )
                yield met
                yield from deaths(met, local, self.actor, reaction, number)

    def _deliveries(self, local: Local, left: Budgets) -> Iterator[Happening]:
        for number in numbers_in(local.pending):
            reaction = self.actor.hears(local.document, number)
            taken = local._replace(pending=local.pending & ~(1 << number))
            heard = reacted(self.actor, "hears", number, local, taken, left, reaction, free=True)
            yield heard
            yield from deaths(heard, taken, self.actor, reaction, number)
            if left.bug and local.document == ABSENT:
                yield from self._stumbles(local, taken, left.without("bug"), number)

    def _stumbles(
        self, local: Local, taken: Local, left: Budgets, number: int | None
    ) -> Iterator[Happening]:
        """The step's own handler meets a bug, in an event or, later, in a new try."""
        if number is None:
            what, reaction = "try: bug", self.actor.tries(local.document, broken=True)
        else:
            what, reaction = "hears: bug", self.actor.stumbles(local.document, number)
        one = self.actor.documents[reaction.document]
        if one is not None and one.state == "parked":
            met = reacted(self.actor, what, number, local, taken, left, reaction, free=False)
            yield met
            yield from deaths(met, taken, self.actor, reaction, number)

    def _times(self, local: Local, left: Budgets) -> Iterator[Happening]:
        one = self.actor.documents[local.document]
        if one is None:
            return
        if one.try_at is not None:
            yield from self._time("try", local, left, free=not local.call)
            if left.bug and one.record is not None and not one.plan:
                yield from self._stumbles(local, local, left.without("bug"), None)
        if one.deadline_at is not None:
            yield from self._time("deadline", local, left, free=one.state == "parked")
        if one.is_watching:
            yield from self._time("watch", local, left, free=left.silent == self.place + 2)
            if left.due:
                yield from self._time("watch", local, left.without("due"), free=True)

    def _time(self, what: str, local: Local, left: Budgets, free: bool) -> Iterator[Happening]:
        if not free and not left.early:
            return
        rest = left if free else left.without("early")
        is_try = what == "try"  # nobody waits any more for the call that was out
        taken = local.alone() if is_try else local
        reaction = self._reaction(what, local)
        if _says_nothing(reaction, local):
            return
        struck = reacted(self.actor, what, None, local, taken, rest, reaction, free)
        yield struck
        yield from deaths(struck, taken, self.actor, reaction)

    def _reaction(self, what: str, local: Local) -> Reaction:
        if what == "try":
            return self.actor.tries(local.document)
        return self.actor.meets(local.document, Due(what))  # type: ignore[arg-type]

    def _resends(self, local: Local, left: Budgets) -> Iterator[Happening]:
        if not local.unsent:
            return
        outbox, sent = self.actor.outbox(local.document), local._replace(unsent=0)
        yield Happening("says what was unsent", None, local, sent, left, outbox, True)
        if left.crash:
            for count in range(1, len(outbox)):
                what, rest = f"says {count} of what was unsent, dies", left.without("crash")
                yield Happening(what, None, local, local.alone(), rest, outbox[:count], False)

    def _deaths(self, local: Local, left: Budgets) -> Iterator[Happening]:
        if left.crash and local.call:
            rest = left.without("crash")
            yield Happening("dies while it calls", None, local, local.alone(), rest, (), False)
        if left.dead and not left.silent:
            rest = left.without("dead")._replace(silent=self.place + 1)
            yield Happening("dies for good", None, local, local.alone(), rest, (), False)

    def _wishes(self, local: Local, left: Budgets) -> Iterator[Happening]:
        """A person asks only of what is parked when it is looked at; it may be heard much later."""
        one = self.actor.documents[local.document]
        for kind in BUDGET_OF_WISH.get(one.state, ()) if one else ():
            if getattr(left, kind):
                said, rest = (self.wishes[kind],), left.without(kind)
                yield Happening(f"a person asks: {kind}", None, local, local, rest, said, False)


def _says_nothing(reaction: Reaction, local: Local) -> bool:
    return not (reaction.said or reaction.calls or reaction.document != local.document)
