"""Why nobody can show a saga: the database is away, or nobody has read of it, or could."""

from collections.abc import Mapping, Sequence

from contracts.step_document import StepDocument
from saga_state.why.answer import Answer, answer_about
from saga_state.why.cause import PROVEN, Cause
from saga_state.why.facts import Letter, World
from saga_state.why.persons import to_mend
from saga_state.why.seen import Seen, letter_seen, pages_seen, processes_seen
from saga_state.why.services import PROJECTION, not_running

NOT_SHOWN = "UNKNOWN"
_DOCTOR = "onboarding doctor"


def without_database(text: str, tenant_id: str, why: str, world: World) -> Answer:
    """MongoDB does not answer: whatever the saga waits for, it waits for that too."""
    sentence = (
        f"MongoDB does not answer from here ({why}): nobody can tell where {text} stands, "
        "and no service works without it. Nothing is lost; all goes on when it is back."
    )
    cause = Cause("database_unreachable", PROVEN, "", sentence, _DOCTOR, _DOCTOR)
    told = [page for one in world.services.values() for page in pages_seen(one)]
    return answer_about(text, tenant_id, NOT_SHOWN, world, [cause], told)


def not_projected(
    saga_id: str,
    tenant_id: str,
    documents: Mapping[str, StepDocument],
    world: World,
    known: str = "which the steps know",
) -> Answer:
    """Others know it, and the projection does not: the projection is behind, or not running."""
    so = f"it has not read of this saga, {known}"
    projection = world.service(PROJECTION)
    behind = Cause(
        "service_behind", PROVEN, PROJECTION, f"{PROJECTION} is behind: {so}.",
        "python -m saga_state", "python -m saga_state",
    )  # fmt: skip
    causes: Sequence[Cause] = [not_running(projection, world.now, so) or behind]
    states = {step: one["state"] for step, one in documents.items()}
    told = ", ".join(f"{step} {state}" for step, state in states.items()) or "none yet"
    evidence = [Seen("step documents", told, states), *processes_seen(projection, world.now)]
    return answer_about(saga_id, tenant_id, NOT_SHOWN, world, causes, evidence)


def unreadable(text: str, tenant_id: str, service: str, letter: Letter, world: World) -> Answer:
    """No saga came of it: what names it is a dead letter."""
    sentence = (
        f"{service} could not read the record that names {text}, and set it aside as a dead letter "
        f"({letter.error_class}: {letter.error}): no saga came of it."
    )
    cause = Cause("poison", PROVEN, service, sentence, *to_mend(service, letter))
    return answer_about(text, tenant_id, NOT_SHOWN, world, [cause], [letter_seen(letter)])
