"""Each of the twelve causes is named first, where its own facts are there, with what helps."""

import re
from dataclasses import dataclass
from typing import Any, get_args

import pytest
from saga_given import Voices, at, told
from why_given import (
    EVENT,
    LETTER,
    OFFSET,
    SAYS,
    TOPIC,
    asked,
    calling,
    document,
    documents_service,
    names,
    not_there,
    page,
    process,
    retrying,
    undoing,
    waiting,
)

from saga_state.why.cause import Name
from saga_state.why.facts import Calls, Group, Outside

BUG = {"refusal": {"code": "BUG", "reason": "ValueError at rules.py:7"}}
BEFORE = {"stands": {EVENT: OFFSET}}  # its group has not read the event


@dataclass(frozen=True)
class Given:
    """Facts, the cause that they are of, and words of the sentence and of the command."""

    cause: str
    sentence: str
    command: str
    facts: dict[str, Any]


def given(cause: str, sentence: str, command: str, **facts: Any) -> Given:
    return Given(cause, sentence, command, facts)


PROVEN = [
    given(
        "service_not_running", "documents is not running, and this saga waits for it to do its work",
        "python -m services.documents", service=not_there(),
    ),
    given(
        "service_not_running", "the last sign of life was 09:30:05Z, 15 s ago",
        "python -m services.documents",
        service=not_there(processes=(process(alive=False, seen_at=at(5)),)),
    ),
    given(
        "service_not_running", "waits for it to undo its work", "python -m services.documents",
        own=document("done"), service=not_there(), saga=undoing(),
    ),
    given(
        "service_behind", "5 records up to this saga's, and it does 0.5 a second", "services.documents",
        service=documents_service(
            process(partitions=frozenset({EVENT, (TOPIC, 1)})), stands={EVENT: OFFSET - 4}
        ),
        rates={(SAYS, 0): 0.5},
    ),
    given(
        "partition_without_owner", "No living process of documents reads onboarding.contract-created/0",
        "kafka-consumer-groups.sh --describe --members --verbose --group onboarding.documents",
        service=documents_service(process(partitions=frozenset({(TOPIC, 1)})), **BEFORE),
    ),
    given(
        "partition_without_owner", "its group has 1 member that is no process of this system",
        "kafka-consumer-groups.sh",
        service=documents_service(
            process(partitions=frozenset()), group=Group("Stable", 2), **BEFORE
        ),
    ),
    given(
        "partition_without_owner", "storm of rebalances: its partitions changed hands 9 times",
        "kafka-consumer-groups.sh", service=documents_service(process(rebalances=9), **BEFORE),
    ),
    given(
        "waiting_for_retry", "documents waits after HTTP 418 before it tries again to do its work: try 2",
        "onboarding watch", own=retrying("HTTP 418"),
    ),
    given(
        "waiting_for_retry", "before it tries again to undo its work: try 3", "onboarding watch",
        own=retrying("HTTP 503", 2, state="undoing"), saga=undoing(),
    ),
    given(
        "parked", "documents is parked: it met a bug (ValueError at rules.py:7)",
        "onboarding dlq redrive --saga", own=document("parked", **BUG),
    ),
    given(
        "undo_parked", "The undo of documents is parked (ValueError at rules.py:7)",
        "onboarding dlq redrive --saga", own=document("undo_parked", **BUG), saga=undoing(),
    ),
    given(
        "poison", "documents could not read ContractCreated and set it aside as a dead letter "
        "(TENANT_UNKNOWN: the tenant is not known)",
        "onboarding dlq redrive --id l-1", letter=LETTER,
    ),
    given(
        "outside_system_slow_or_down", "its call has waited for an answer for 12 s", "onboarding watch",
        own=calling(8),
    ),
    given(
        "outside_system_slow_or_down", "after 4 tries for this saga: HTTP 503", "onboarding watch",
        own=retrying("HTTP 503", 4),
    ),
    given(
        "outside_system_slow_or_down", "its address takes no connection", "onboarding watch",
        own=retrying("ConnectError"), outside={"documents": Outside("DOCUMENT_REJECTED", False)},
    ),
    given(
        "outside_system_slow_or_down", "ReadTimeout", "onboarding watch",
        own=retrying("ReadTimeout"), service=documents_service(calls=Calls(3, 3)),
    ),
    given(
        "outside_system_refused", "refuses us (HTTP 401), so the step is parked: mend "
        "ONBOARDING_DOCUMENTS_API_KEY", "onboarding dlq redrive --saga",
        own=document("parked", refusal={"code": "BUG", "reason": "HTTP 401"}),
    ),
    given(
        "database_unreachable", "documents waits for mongo: ServerSelectionTimeoutError",
        "onboarding doctor", service=not_there(pages=(page(mongo="ServerSelectionTimeoutError"),)),
    ),
    given(
        "broker_unreachable", "The broker does not answer from here (127.0.0.1:9: no answer",
        "onboarding doctor", kafka="127.0.0.1:9: no answer within 2 s",
    ),
    given(
        "broker_unreachable", "documents does not reach the broker (vm:1 waits for kafka: Away)",
        "onboarding doctor", service=documents_service(process(waiting_for={"kafka": "Away"}), **BEFORE),
    ),
    given(
        "broker_unreachable", "A topic is missing on the broker: onboarding.documents-verified",
        "onboarding topics create", missing_topics=(SAYS, "onboarding.other"),
    ),
    given(
        "broker_unreachable", "but that log ends at 2: the topic was made anew",
        "kafka-consumer-groups.sh --reset-offsets --to-earliest",
        service=documents_service(stands={EVENT: 9}), ends={EVENT: 2},
    ),
    given(
        "waiting_for_deadline", "Nothing is wrong yet: documents has until 09:30:33Z, in 13 s",
        "onboarding watch", own=calling(18),
    ),
    given(
        "waiting_for_deadline", "says that it was undone there before (HTTP 410): the deadline",
        "onboarding watch", own=retrying("HTTP 410"),
    ),
]  # fmt: skip


@pytest.mark.parametrize("one", PROVEN, ids=lambda one: f"{one.cause}: {one.sentence[:40]}")
def test_the_cause_is_named_first_and_is_proven(one: Given):
    answer = asked(**one.facts)
    assert names(answer)[0] == one.cause
    assert answer.sure
    assert answer.sentence == answer.cause.sentence
    assert one.sentence in answer.sentence
    assert one.command in answer.cause.command


def test_all_twelve_are_told_of():
    assert {one.cause for one in PROVEN} == set(get_args(Name))
    assert len(get_args(Name)) == 12


@pytest.mark.parametrize("one", PROVEN, ids=lambda one: f"{one.cause}: {one.sentence[:40]}")
def test_a_sentence_is_one_line_that_ends_and_each_cause_has_a_command(one: Given):
    for cause in asked(**one.facts).causes:
        assert "\n" not in cause.sentence
        assert cause.sentence.endswith((".", "`."))
        assert re.match(r"(onboarding|python -m|kafka-consumer-groups\.sh) ", cause.command)
        assert cause.for_all


def test_a_no_of_the_outside_system_is_told_of_the_saga_that_it_ended():
    saga = Voices()
    ended = told(*saga.undone_from("documents")[:3], saga.did("contract", 2),
                 saga.failed("documents", 3, code="DOCUMENT_REJECTED"),
                 saga.asked("documents", 3, by="documents"),
                 saga.undid("contract", 4), saga.undid("registration", 5))  # fmt: skip
    answer = asked(saga=ended)
    assert (answer.status, names(answer)) == ("COMPENSATED", ["outside_system_refused"])
    assert "The outside system of documents said no (DOCUMENT_REJECTED)" in answer.sentence


def test_what_a_person_asked_of_a_parked_step_that_it_has_not_heard_is_its_event():
    saga = Voices()
    before = (saga.start(), saga.did("registration", 1), saga.did("contract", 2))
    wished = told(*before, saga.parked("documents", 4), saga.redriven("documents", 9))
    answer = asked(document("parked", **BUG), not_there(), wished)
    assert names(answer)[0] == "service_not_running"
    (event,) = [one for one in answer.evidence if one.what == "event"]
    assert event.fields["event"] == "RedriveRequested"
    assert event.fields["topic"] == "onboarding.documents.dlq"


def test_of_several_wishes_the_event_is_the_one_that_answers_the_last_parking():
    saga = Voices()
    before = (saga.start(), saga.did("registration", 1), saga.did("contract", 2))
    first = (saga.parked("documents", 4), saga.redriven("documents", 5))
    again = (saga.parked("documents", 7, number=1), saga.redriven("documents", 9))
    answer = asked(document("parked", **BUG), not_there(), told(*before, *first, *again))
    (event,) = [one for one in answer.evidence if one.what == "event"]
    assert event.fields["offset"] == again[1].record.offset


def test_a_step_that_was_redriven_and_is_undone_now_waits_for_the_undo():
    saga = Voices()
    before = [saga.did(step, second) for second, step in enumerate(saga.steps[:3], 1)]
    wished = (saga.parked("documents", 3), saga.redriven("documents", 4))
    no = (saga.asked("campaigns", 10, by="campaigns"), saga.failed("campaigns", 10))
    answer = asked(document("done"), not_there(), told(saga.start(), *before, *wished, *no))
    (event,) = [one for one in answer.evidence if one.what == "event"]
    assert event.fields["event"] == "CompensationRequested"


def test_a_saga_that_its_step_has_answered_waits_for_the_projection():
    answer = asked(document("done"), documents_service())
    assert (answer.cause.name, answer.cause.service) == ("service_behind", "saga-state")
    assert "documents has answered already" in answer.sentence


def test_the_commands_name_the_tenant_of_a_saga_that_is_not_of_the_default_one():
    saga = Voices(tenant="acme")
    acme = told(saga.start(), saga.did("registration", 1), saga.did("contract", 2))
    assert asked(retrying("HTTP 418"), saga=acme).cause.command.endswith(" --tenant acme")
    assert "--tenant" not in asked(retrying("HTTP 418"), saga=waiting()).cause.command
