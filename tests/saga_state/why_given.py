"""Facts for `why`: a saga that waits for documents, a service that is well, and what may be wrong."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from saga_given import Voices, at, told

from contracts.step_document import StepDocument
from saga_state.document import Saga
from saga_state.why.answer import Answer
from saga_state.why.explain import explain
from saga_state.why.facts import (
    Calls,
    Case,
    Group,
    Letter,
    Outside,
    Page,
    Process,
    Service,
    World,
)

TOPIC, SAYS = "onboarding.contract-created", "onboarding.documents-verified"
EVENT = (TOPIC, 0)  # the partition in which its event stands, at offset 3
OFFSET = 3
NOW = at(20)
CALL_SECONDS = 10.0
LETTER = Letter("l-1", "onboarding.documents.dlq/0/7", "TENANT_UNKNOWN", "the tenant is not known")


def waiting() -> Saga:
    """It waits for documents, since 2 s after its start, for 30 s."""
    saga = Voices()
    return told(saga.start(), saga.did("registration", 1), saga.did("contract", 2))


def undoing() -> Saga:
    """Campaigns said no at 10 s; documents is to undo."""
    saga = Voices()
    before = [saga.did(step, second) for second, step in enumerate(saga.steps[:3], 1)]
    no = [saga.asked("campaigns", 10, by="campaigns"), saga.failed("campaigns", 10)]
    return told(saga.start(), *before, *no)


def document(state: str = "pending", **changes: Any) -> StepDocument:
    """Of documents, taken at 3 s; with an outside system."""
    usual: dict[str, Any] = {
        "_id": "saga-1", "tenant_id": "default", "partner_id": "p-1", "correlation_id": "c-1",
        "journey": "partner-onboarding", "journey_version": 1, "state": state, "outer": True,
        "decided_at": at(3), "outbox": [], "said": 0, "sent": 0, "attempts": 1, "revision": 1,
        "deadline_at": at(33),
    }  # fmt: skip
    return {**usual, **changes}  # type: ignore[typeddict-item]


def calling(since: float, **changes: Any) -> StepDocument:
    """A call is out since then, under a lease."""
    ends = at(since + 2 * CALL_SECONDS + 5)
    return document(lease="1", try_at=ends, decided_at=at(since), **changes)


def retrying(answer: str | None, tries: int = 1, in_seconds: float = 5, **changes: Any) -> Any:
    """The next try comes in so many seconds."""
    try_at = at(20 + in_seconds)
    return document(attempts=tries, last_answer=answer, try_at=try_at, **changes)


def process(name: str = "vm:1", **changes: Any) -> Process:
    """It is well, and reads the event's partition."""
    well = Process(name, "0.1.0", seen_at=at(18), alive=True, partitions=frozenset({EVENT}))
    return replace(well, **changes)


def documents_service(*processes: Process, **changes: Any) -> Service:
    """Alive, in its group, past the event."""
    well = Service(
        "documents",
        processes=processes or (process(),),
        pages=None,
        group=Group("Stable", 1, ("faust at 10.0.0.7",)),
        calls=Calls(1, 0),
        stands={EVENT: OFFSET + 1},
    )
    return replace(well, **changes)


def not_there(**changes: Any) -> Service:
    """No process of documents has said that it lives."""
    gone = {"processes": (), "group": Group("Empty", 0), "stands": {EVENT: OFFSET}, **changes}
    return documents_service(**gone)


def world(service: Service | None = None, now: datetime = NOW, **changes: Any) -> World:
    """All is well, but for what is told."""
    projection = Service("saga-state", processes=(process("vm:9"),))
    usual: dict[str, Any] = {
        "services": {"documents": service or documents_service(), "saga-state": projection},
        "ends": {EVENT: OFFSET + 1},
        "rates": {},
        "outside": {"documents": Outside("DOCUMENT_REJECTED")},
        "call_seconds": CALL_SECONDS,
    }
    return World(now, **{**usual, **changes})


def asked(
    own: StepDocument | None = None,
    service: Service | None = None,
    saga: Saga | None = None,
    letter: Letter | None = None,
    documents: Any = None,
    **changes: Any,
) -> Answer:
    """Why; `own` is the document of documents, the other steps have none."""
    one = saga or waiting()
    known = {step["step"]: None for step in one["steps"]} | {"documents": own}
    case = Case(one, known if documents is None else documents, letter)
    return explain(case, world(service, **changes))


def page(answers: bool = True, **waiting_for: str) -> Page:
    return Page("documents", answers, waiting_for)


def names(answer: Answer) -> list[str]:
    """Its causes, the likeliest first."""
    return [cause.name for cause in answer.causes]
