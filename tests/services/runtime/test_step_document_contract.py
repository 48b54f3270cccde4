"""What is stored of a step document is what contracts/step_document.py tells those who read it."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, get_args

import pytest
from cells_given import BUG, INNER_STATES, OUTER, PLACES, Led, led
from pydantic import TypeAdapter, ValidationError
from runtime_given import TRACE, Clock
from stored_given import after, document, marks, watching

from contracts.envelope import Context, Message
from contracts.step_document import StepDocument, StepState
from services.runtime.document import Document, State
from services.runtime.document_form import to_form
from services.runtime.process_store import TimeStore
from services.runtime.protocol import meet
from services.runtime.store import StepStore
from services.runtime.vitals import Vitals

PUBLISHED: TypeAdapter[StepDocument] = TypeAdapter(StepDocument)
NOT_TEXT = document(outbox=(Message("e-1", "t", b"\xff", b"\xfe", (("h", b"\xff"),)),))
NULLS = document(result=None, outbox=(Message("e-1", "t", None, None, (("h", None),)),))
EVERY = [("inner", state) for state in INNER_STATES[1:]] + [
    ("outer", state) for state in OUTER if state != "absent"
]


def check(form: Mapping[str, Any]) -> None:
    """No field too many, none missing, nothing of another type: at every depth."""
    PUBLISHED.validate_python(form, strict=True, extra="forbid")


def whole(one: Document) -> dict[str, Any]:
    """With what the store writes beside the decision."""
    return {"_id": one.context.saga_id, **to_form(one), "revision": 1, "due_at": after(1)}


def decided() -> list[Document]:
    """Documents of every state and with every mark, as the table leads to them."""
    found = [led(place, kind, state) for place in PLACES for kind, state in EVERY]
    for words in (("my turn",), ("deadline",), ("my turn", 30.0, "try")):
        marked = led("middle", "outer", "pending")
        marked.meets(*words)
        found.append(marked)
    resolving = led("middle", "outer", "undo_parked")
    resolving.meets("resolve")
    handler_bug = Led("middle", outer=True, answer=BUG)
    handler_bug.meets("P(k-1)")
    traced = led("middle", "outer", "done")
    traced.meets(
        traced.event("R(null)", traceparent=TRACE), traced.event("K(k+1)", traceparent=TRACE)
    )
    asked = led("middle", "inner", "blocked")
    asked.document = meet(
        asked.document, asked.event("K(k+1)", ce_tenantid="acme"), asked.part
    ).document
    return [one.document for one in (*found, resolving, handler_bug, traced, asked) if one.document]


def test_every_decision_is_stored_as_published():
    for one in decided():
        check(whole(one))


def test_every_state_is_published_and_decided():
    assert set(get_args(StepState)) == set(get_args(State)) == {one.state for one in decided()}


def test_every_field_is_published_and_decided():
    """None is published that no document has, and none is stored that is not published."""
    stored = {name for one in decided() for name in whole(one)} | {"holds"}
    assert stored == set(StepDocument.__annotations__)
    apart = {one.name for one in fields(Document)} - {"context"} | {"_id", "due_at"}
    assert stored - {one.name for one in fields(Context)} == apart


@pytest.mark.parametrize("one", [NOT_TEXT, NULLS], ids=["not text", "nulls"])
def test_messages_are_stored_as_published_whatever_their_bytes(one: Document):
    check(whole(one))


@pytest.mark.servers
async def test_what_stands_in_the_database_is_as_published(real_store, mongo, prefix: str):
    """After writes, marks, clears, and a time that was moved."""
    steps = mongo[f"{prefix}onboarding_contract"].steps
    each = [
        replace(one, revision=0, context=replace(one.context, saga_id=f"s-{number}"))
        for number, one in enumerate([*decided(), watching(holds={"email": "a@b"})])
    ]
    await real_store.write(each, {})
    assert len(await checked(steps)) == len(each)
    stored = await real_store.read([one.context.saga_id for one in each])
    await real_store.write(list(stored.values()), {})
    for one in stored.values():
        await real_store.write([], marks(one.context.saga_id, one.said))
    assert all(form["sent"] == form["said"] for form in await checked(steps))
    await TimeStore(mongo, f"{prefix}onboarding_contract", Vitals()).shift(8)
    moved = await checked(steps)
    await real_store.clear_watches([one.context for one in stored.values()])
    await real_store.put_off(list(stored), after(99))
    cleared = await checked(steps)
    assert any(form.get("watch_at") for form in moved)
    assert not any(form.get("watch_at") for form in cleared if form["state"] == "done")
    known = StepStore(mongo, f"{prefix}onboarding_contract", Vitals(), Clock())
    assert len(await known.read(list(stored))) == len(each)


async def checked(steps: Any) -> list[Mapping[str, Any]]:
    """All documents there, which must be as published."""
    forms = await steps.find().to_list(None)
    for form in forms:
        check(form)
    return list(forms)


@pytest.mark.parametrize("wrong", [{"extra": 1}, {"said": "1"}, {"trigger": {}}])
def test_the_check_finds_what_differs(wrong: dict[str, Any]):
    with pytest.raises(ValidationError):
        check({**whole(document()), **wrong})
