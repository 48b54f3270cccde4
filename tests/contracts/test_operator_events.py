"""What stands on dead letter topics: the events of operators are read, all else is skipped."""

from dataclasses import replace

import pytest

from contracts import ids
from contracts.envelope import Record
from contracts.operator import OPERATOR_EVENTS, RedriveRequested, StepParked, read_operator_event
from contracts.reading import Reader
from contracts.schema_files import asyncapi_text, example, example_record, wrong_in
from contracts.topics import dead_letter_topic

NAMES = [name for name, _ in OPERATOR_EVENTS]
SAGA = "b3fb26f9-ac66-57fb-a044-01926e8e5ff9"


def read(record: Record, reader: Reader | None = None):
    return read_operator_event(record, reader or Reader())


def with_header(record: Record, name: str, text: str) -> Record:
    kept = tuple(pair for pair in record.headers if pair[0] != name)
    return replace(record, headers=(*kept, (name, text.encode())))


@pytest.mark.parametrize("name", NAMES)
def test_the_frozen_example_is_read_with_all_its_ids(name):
    record = example_record(name, 1)
    event = read(record)
    assert (event.name, event.record, event.body) == (name, record, example(name, 1)["value"])
    assert (event.context.saga_id, event.context.tenant_id) == (SAGA, "default")
    assert isinstance(event.data, OPERATOR_EVENTS[name, 1])


@pytest.mark.parametrize("name", NAMES)
def test_it_stands_on_the_dead_letter_topic_of_the_step_it_names_and_is_read_on_no_other(name):
    record = example_record(name, 1)
    assert record.topic == dead_letter_topic("campaigns")
    for topic in ("onboarding.documents.dlq", "onboarding.contract-created", "t-" + record.topic):
        assert read(replace(record, topic=topic)) is None
    prefixed = replace(record, topic=dead_letter_topic("campaigns", "t-"))
    assert read(prefixed, Reader(prefix="t-")).name == name


def test_w4_nobody_but_the_step_says_that_it_is_parked():
    record = example_record("StepParked", 1)
    assert read(with_header(record, "ce_source", "/services/documents")) is None
    wish = example_record("RedriveRequested", 1)
    assert read(with_header(wish, "ce_source", "/people/ana")).data.requested_by == "ana"


@pytest.mark.parametrize("name", NAMES)
def test_a_copy_of_a_record_is_never_read_even_of_such_an_event(name):
    assert read(with_header(example_record(name, 1), "dlq_id", "1")) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"value": None},
        {"value": b""},
        {"value": b"{"},
        {"value": b'{"step": "campaigns"}'},
        {"headers": ()},
        {"headers": (("ce_type", b"\xff"),)},
        {"headers": (("ce_type", None),)},
    ],
)
def test_what_cannot_be_read_is_skipped_and_raises_nothing(changes):
    assert read(replace(example_record("RedriveRequested", 1), **changes)) is None


def test_an_event_of_a_journey_is_none_of_these():
    record = replace(example_record("CompensationCompleted", 1), topic="onboarding.contract.dlq")
    assert read(record) is None


def test_a_tenant_that_is_not_known_is_not_heard():
    reader = Reader(tenants=frozenset({"acme"}))
    assert read(example_record("ResolveRequested", 1), reader) is None


def test_two_parkings_of_a_step_have_two_ids_and_each_its_own_for_good():
    made = [ids.parked_id(SAGA, "StepParked", "campaigns", said) for said in (2, 3)]
    assert made[0] == example("StepParked", 1)["headers"]["ce_id"]
    assert made == [
        "f1fb5182-6b31-5f5e-a2d0-9b6afc1fec49",
        ids.parked_id(SAGA, "StepParked", "campaigns", 3),
    ]
    assert len({*made, ids.said_id(SAGA, "StepParked", "campaigns")}) == 3


def test_a_state_that_is_none_does_not_fit_the_schema():
    good = {"step": "contract", "state": "parked", "where": "x", "attempts": 1}
    assert wrong_in(StepParked.__name__, 1, good) == []
    assert wrong_in(StepParked.__name__, 1, {**good, "state": "done"})
    assert wrong_in(RedriveRequested.__name__, 1, {"step": "contract", "reason": "x"})


def test_the_asyncapi_document_has_them_on_the_topics_of_steps_alone():
    import json

    channels = json.loads(asyncapi_text())["channels"]
    on_steps = set(channels["campaigns-dead-letters"]["messages"])
    assert on_steps == {"DeadLetter", "DeadLetterMark", *(f"{name}.v1" for name in NAMES)}
    on_projection = set(channels["saga-state-dead-letters"]["messages"])
    assert on_projection == {"DeadLetter", "DeadLetterMark"}
