"""What must hold in the databases at rest: the projection, and each step's documents."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from pymongo import AsyncMongoClient

from tests.chaos.cluster.ledger import STEPS, Ledger
from tests.chaos.cluster.rules import Fault, end_of

LIVING = {"pending", "undoing", "parked", "undo_parked"}
TELLS = {"status": 1, "partner_id": 1, "correlation_id": 1}
Document = Mapping[str, Any]


async def faults_in(
    client: AsyncMongoClient[dict[str, Any]], prefix: str, ledger: Ledger
) -> AsyncIterator[tuple[str, Fault]]:
    """Saga and fault. One document is held at a time, and the ids of those that were seen."""
    seen: set[str] = set()
    async for one in client[f"{prefix}saga_state"].sagas.find({}, TELLS):
        seen.add(one["_id"])
        for fault in of_projection(one, ledger):
            yield one["_id"], fault
    for id_ in ledger.sagas.keys() - seen:
        yield id_, ("projection differs", "is not in it")
    for step in STEPS:
        async for one in client[f"{prefix}onboarding_{step}"].steps.find({}, {"state": 1}):
            for fault in of_step(step, one, ledger):
                yield one["_id"], fault


def of_projection(one: Document, ledger: Ledger) -> Iterator[Fault]:
    """I5: it tells the end that the topics tell, of the same partner."""
    saga = ledger.sagas.get(one["_id"])
    if saga is None:
        yield "projection differs", "is not on the topics"
        return
    said = (end_of(saga), saga.facts.get("partner"), saga.correlation)
    told = (one["status"], one["partner_id"], one["correlation_id"])
    if said != told:
        yield "projection differs", f"tells {told}, the topics {said}"


def of_step(step: str, one: Document, ledger: Ledger) -> Iterator[Fault]:
    """I8, and I2 of a step without an outside system: at rest, and in force where the saga
    completed alone."""
    saga, state = ledger.sagas.get(one["_id"]), one["state"]
    end = end_of(saga) if saga else None
    if state in LIVING:
        yield "documents left", f"{step} is {state}"
    if state == "done" and end != "COMPLETED":
        yield "effects left", f"{step} is done though {end}"
    if state != "done" and end == "COMPLETED":
        yield "effects missing", f"{step} is {state} though COMPLETED"
