"""What must hold of each saga at rest, told from what was said and from the platform's own log."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tests.chaos.cluster.ledger import STEP_OF, STEPS, F, K, R, Saga

OUTER = STEPS[2:]
Fault = tuple[str, str]  # its kind, and what it is in words


@dataclass(slots=True)
class Effect:
    """What the platform did for a step of a saga."""

    created: int = 0
    in_force: bool = False
    undone: bool = False
    after_undo: bool = False

    def take(self, what: str) -> None:
        """The next line of its log."""
        if what == "created":
            self.created += 1
            self.in_force, self.after_undo = True, self.after_undo or self.undone
        elif what in {"removed", "blocked"}:
            self.in_force, self.undone = False, True


@dataclass
class Effects:
    """By saga and step."""

    by_saga: dict[str, dict[str, Effect]] = field(default_factory=dict)

    def take(self, line: Mapping[str, str]) -> None:
        of_saga = self.by_saga.setdefault(line["saga"], {})
        of_saga.setdefault(line["step"], Effect()).take(line["what"])


def done_in(saga: Saga) -> set[str]:
    """The steps that said yes."""
    return {STEP_OF[what[0]] for what in saga.said if what[0] in STEP_OF}


def end_of(saga: Saga) -> str | None:
    """COMPLETED, FAILED or COMPENSATED; None: it has not ended."""
    done = done_in(saga)
    undone = {about for event, about, _ in saga.said if event == K}
    late = {step for (step, sayer), code in saga.codes.items() if _own_timeout(step, sayer, code)}
    if STEPS[0] not in done and any(step == STEPS[0] for step, _ in saga.codes):
        return "FAILED" if STEPS[0] not in late or STEPS[0] in undone else None
    if undone or any(what[0] in {F, R} for what in saga.said):
        return "COMPENSATED" if {STEPS[0], *done, *late} <= undone else None
    return "COMPLETED" if STEPS[-1] in done else None


def faults_of(saga: Saga, effects: Mapping[str, Effect]) -> Iterator[Fault]:
    """What is wrong with a saga at rest."""
    yield from saga.faults
    end, done = end_of(saga), done_in(saga)
    for step in OUTER:
        effect = effects.get(step) or Effect()
        yield from _of_effect(step, effect, end, step in done)
    yield from _out_of_order(saga)


def _of_effect(step: str, effect: Effect, end: str | None, said: bool) -> Iterator[Fault]:
    if effect.created > 1:
        yield "double effects", f"{step}: {effect.created} effects"
    if effect.after_undo:
        yield "done after undo", step
    if said and not effect.created:
        yield "said and never done", step
    if effect.in_force and end in {"COMPENSATED", "FAILED"}:
        yield "effects left", f"{step}: in force though {end}"
    if end == "COMPLETED" and effect.created and not effect.in_force:
        yield "effects missing", f"{step}: not in force though COMPLETED"


def _out_of_order(saga: Saga) -> Iterator[Fault]:
    """I7: later steps first; after a TIMEOUT a step may be undone out of its turn."""
    if "TIMEOUT" in saga.codes.values():
        return
    places = [STEPS.index(step) for step in saga.undone]
    if places != sorted(places, reverse=True):
        yield "undone out of order", " ".join(saga.undone)


def _own_timeout(step: str, sayer: str, code: str) -> bool:
    return code == "TIMEOUT" and sayer == f"/services/{step}"
