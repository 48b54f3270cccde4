"""Each of the fifteen causes is named first, where its own facts are there, with what helps."""

import json
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
)

from saga_state.why.cause import Name
from saga_state.why.facts import Calls, Group, Outside
from saga_state.why.plain import without_machines

GROUPS = "kafka-consumer-groups.sh --bootstrap-server $ONBOARDING_KAFKA"
BUG = {"refusal": {"code": "BUG", "reason": "ValueError at rules.py:7"}}
OF_OTHERS = re.compile(
    r"vm:\d|10\.0\.0|127\.0|\d records|\d a second|\d members?|\d times|log ends|Selection|Away"
)
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
        f"{GROUPS} --describe --members --verbose --group onboarding.documents",
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
        "topic_missing", "A topic is missing on the broker: onboarding.documents-verified",
        "onboarding topics create", missing_topics=(SAYS, "onboarding.other"),
    ),
    given(
        "topic_made_anew", "but that log ends at 2: the topic was made anew",
        f"{GROUPS} --reset-offsets --to-earliest",
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


@pytest.mark.parametrize("one", PROVEN, ids=lambda one: f"{one.cause}: {one.sentence[:40]}")
def test_the_cause_is_told_without_machines_and_without_what_others_wait_for(one: Given):
    answer = without_machines(asked(**one.facts))
    assert (names(answer)[0], answer.sure) == (one.cause, True)
    assert answer.sentence == answer.cause.sentence
    assert not OF_OTHERS.search(json.dumps(answer.body, default=str))
    assert "{" not in answer.sentence


def test_all_fifteen_are_told_of():
    never_proven = {"group_without_members"}
    assert {one.cause for one in PROVEN} == set(get_args(Name)) - never_proven
    assert len(get_args(Name)) == 15


def test_a_reset_says_that_it_is_of_every_partition():
    answer = asked(service=documents_service(stands={EVENT: 9}), ends={EVENT: 2})
    assert "in every partition of that topic" in answer.sentence


def test_a_try_whose_time_is_past_was_due():
    answer = asked(retrying("HTTP 418", in_seconds=-0.2))
    assert "try 2 was due at 09:30:19Z, 0.2 s ago" in answer.sentence
    assert "try 2 comes at 09:30:25Z, in 5.0 s" in asked(retrying("HTTP 418")).sentence


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


def test_a_saga_that_its_step_has_answered_waits_for_the_projection():
    answer = asked(document("done"), documents_service())
    assert (answer.cause.name, answer.cause.service) == ("service_behind", "saga-state")
    assert "documents has answered already" in answer.sentence
