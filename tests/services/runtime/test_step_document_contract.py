"""What is stored of a step document is what contracts/step_document.py tells those who read it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter, ValidationError
from runtime_given import NO, Ground, told, triggers
from stored_given import document

from contracts.envelope import Message
from contracts.step_document import StepDocument, StepState
from services.runtime.delivery import deliver
from services.runtime.document import Document, State
from services.runtime.document_form import to_form

PUBLISHED: TypeAdapter[StepDocument] = TypeAdapter(StepDocument)
ANSWERS = {"saga-yes": "done", "saga-no": "rejected", "saga-bug": "parked"}
NOT_TEXT = document(outbox=(Message("e-1", "t", b"\xff", b"\xfe", (("h", b"\xff"),)),))
NULLS = document(result=None, outbox=(Message("e-1", "t", None, None, ()),))


def check(form: Mapping[str, Any]) -> None:
    """No field too many, none missing, nothing of another type: at every depth."""
    PUBLISHED.validate_python(form, strict=True, extra="forbid")


def whole(document: Document) -> dict[str, Any]:
    """With what the store writes beside the decision."""
    return {"_id": document.context.saga_id, **to_form(document), "revision": 1}


async def decided() -> list[Document]:
    """A document of each answer that a handler can give, as delivery leaves it."""
    bug = RuntimeError("a bug")
    ground = Ground(told("contract", **{"saga-no": NO, "saga-bug": bug}))
    await deliver(ground.delivery(), triggers("contract", *ANSWERS))
    found = await ground.store.read(list(ANSWERS))
    assert {saga: one.state for saga, one in found.items()} == ANSWERS
    return list(found.values())


async def test_every_decision_is_stored_as_published():
    for one in await decided():
        check(whole(one))


async def test_every_state_is_published_and_decided():
    assert (
        set(get_args(StepState)) == set(get_args(State)) == {one.state for one in await decided()}
    )


@pytest.mark.parametrize("one", [NOT_TEXT, NULLS], ids=["not text", "nulls"])
def test_messages_are_stored_as_published_whatever_their_bytes(one: Document):
    check(whole(one))


@pytest.mark.servers
async def test_what_stands_in_the_database_is_as_published(real_store, mongo, prefix: str):
    steps, every = mongo[f"{prefix}onboarding_contract"].steps, set(StepDocument.__annotations__)
    await real_store.write([replace(one, revision=0) for one in await decided()], {})
    assert await fields_of_all(steps) == every
    stored = (await real_store.read(list(ANSWERS))).values()
    await real_store.write(list(stored), {})
    assert await fields_of_all(steps) == every
    await real_store.write([], {one.context.saga_id: one.said for one in stored})
    assert await fields_of_all(steps) == every - {"unsent_since"}


async def fields_of_all(steps: Any) -> set[str]:
    """Of all documents there, which must be as published and have the same."""
    forms = await steps.find().to_list(None)
    for form in forms:
        check(form)
    (fields,) = {frozenset(form) for form in forms}
    return set(fields)


@pytest.mark.parametrize("wrong", [{"extra": 1}, {"said": "1"}, {"trigger": {}}])
def test_the_check_finds_what_differs(wrong: dict[str, Any]):
    with pytest.raises(ValidationError):
        check({**whole(document()), **wrong})
