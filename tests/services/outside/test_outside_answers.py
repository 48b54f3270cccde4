"""What a step asks of its outside system, and what an answer does to the saga."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from contracts import ids
from contracts.envelope import Context, Message
from contracts.topics import event_topic
from services.runtime import metrics
from services.runtime.document import Document
from services.runtime.outside import Later, OddAnswerError, Reply, body_of, give_back
from services.runtime.world import World
from services.steps import all_steps

EVENT = "com.hexabuilders.onboarding.PartnerOnboardingInitiated.v1"
SAGA = ids.saga_id("default", "partner-onboarding", "/producers/crm", "e-1")


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time


@dataclass
class Registry:
    """Answers as told, yes after that; keeps what it was asked."""

    replies: list[Reply | Exception] = field(default_factory=list)
    bodies: list[Mapping[str, Any]] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)

    async def do(self, _saga_id: str, body: Mapping[str, Any], /) -> Reply:
        self.bodies.append(body)
        return self._reply()

    async def undo(self, saga_id: str, /) -> Reply:
        self.undone.append(saga_id)
        return self._reply()

    def _reply(self) -> Reply:
        reply = self.replies.pop(0) if self.replies else "yes"
        if isinstance(reply, Exception):
            raise reply
        return reply


@pytest.fixture
def clock() -> Clock:
    return Clock()


def world(registry: Registry, clock: Clock) -> World:
    return World(all_steps(), clock, outside={"documents": registry})


def start() -> Message:
    data = {
        "nombre": "TechSolutions Inc", "email": "a@b.example", "telefono": "+1234567890",
        "tipo_partner": "EMPRESA", "preferred_contract_type": "PREMIUM", "partner_id": "p-1",
    }  # fmt: skip
    headers = {
        "ce_type": EVENT, "ce_id": "e-1", "ce_source": "/producers/crm", "ce_correlationid": "c-1",
    }  # fmt: skip
    told = tuple((name, text.encode()) for name, text in headers.items())
    topic = event_topic("PartnerOnboardingInitiated")
    return Message("e-1", topic, None, orjson.dumps({"partner_data": data}), told)


async def played(registry: Registry, clock: Clock) -> World:
    """Until nothing is left to do, with all tries that are due within a minute."""
    one = world(registry, clock)
    await one.publish(start())
    for _ in range(20):
        await one.run()
        clock.time += timedelta(seconds=1)
        await one.sweep()
    return one


def kept(one: World) -> Document:
    return one.workers["documents"].delivery.store.documents[SAGA]


async def test_a_do_is_sent_with_the_result_of_the_step_and_whose_it_is(clock: Clock):
    registry = Registry()
    await played(registry, clock)
    (body,) = registry.bodies
    assert {"partner_id": "p-1", "tenant_id": "default", "correlation_id": "c-1"}.items() <= (
        body.items()
    )
    assert body["number"].startswith("DP-")
    assert body["state"] == "VERIFIED"
    orjson.dumps(body)


def test_whose_it_is_goes_above_a_result_that_says_otherwise():
    context = Context("s-1", "acme", "p-1", "c-1", "partner-onboarding", 1)
    result = {"partner_id": "p-2", "tenant_id": "other", "number": "N-1"}
    document = Document(context, "pending", datetime(2026, 3, 1, tzinfo=UTC), result=result)
    assert body_of(document) == {
        "number": "N-1", "partner_id": "p-1", "tenant_id": "acme", "correlation_id": "c-1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OddAnswerError("HTTP 418"), "HTTP 418"),
        (ValueError("Ana's secret"), "ValueError at test_outside_answers.py:"),
    ],
)
async def test_an_answer_that_nobody_expected_parks_the_step_and_names_it(
    clock: Clock, error: Exception, told: str
):
    one = await played(Registry([error] * 3), clock)
    document = kept(one)
    assert document.state == "parked"
    assert document.refusal
    assert document.refusal.reason.startswith(told)
    assert "secret" not in document.refusal.reason
    letters = one.log.records("onboarding.documents.dlq")
    assert letters
    assert all(b"secret" not in (letter.value or b"") for letter in letters)


async def test_answers_are_counted(clock: Clock):
    before = counted("do", "later"), counted("do", "yes")
    await played(Registry([Later(), Later()]), clock)
    assert (counted("do", "later"), counted("do", "yes")) == (before[0] + 2, before[1] + 1)


async def test_what_is_given_back_is_called_by_whoever_sweeps_next(clock: Clock):
    registry = Registry()
    one = world(registry, clock)
    worker = one.workers["documents"]
    worker.outside = None  # nobody calls
    await one.publish(start())
    await one.run()
    (claimed,) = worker.calls
    worker.calls.clear()
    assert kept(one).lease == claimed.lease
    await give_back(worker.delivery, [claimed])
    document = kept(one)
    assert (document.state, document.lease) == ("pending", None)
    worker.outside = registry
    clock.time += timedelta(seconds=1)  # its old lease would last longer
    await one.sweep()
    await one.run()
    assert (kept(one).state, len(registry.bodies)) == ("done", 1)


async def test_what_was_answered_meanwhile_is_not_given_back(clock: Clock):
    registry = Registry()
    one = world(registry, clock)
    worker = one.workers["documents"]
    worker.outside = None
    await one.publish(start())
    await one.run()
    (claimed,) = worker.calls
    worker.outside = registry
    await one.run()
    done = kept(one)
    await give_back(worker.delivery, [claimed])
    assert kept(one).state == done.state == "done"


def counted(what: str, answer: str) -> float:
    labels = {"service": "documents", "what": what, "answer": answer}
    return metrics.REGISTRY.get_sample_value("onboarding_calls_total", labels) or 0.0
