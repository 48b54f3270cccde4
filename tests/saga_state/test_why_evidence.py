"""The evidence: what was seen, in words for people and as fields for programs."""

import json
from typing import Any

import pytest
from saga_given import Voices, at, told
from why_given import (
    EVENT,
    LETTER,
    NOW,
    OFFSET,
    TOPIC,
    asked,
    calling,
    document,
    documents_service,
    page,
    process,
    retrying,
    undoing,
    world,
)

from saga_state.document import Saga
from saga_state.why.answer import Answer
from saga_state.why.blind import not_projected, unreadable, without_database
from saga_state.why.explain import explain
from saga_state.why.facts import Calls, Case, Group, Service, Unknown

UNKNOWN = Unknown("no answer within 2 s")


def told_of(answer: Answer, what: str) -> list[str]:
    return [one.told for one in answer.evidence if one.what == what]


def fields_of(answer: Answer, what: str) -> Any:
    (one,) = [one for one in answer.evidence if one.what == what]
    return one.fields


def test_the_event_is_told_with_topic_partition_and_offset_and_the_group_with_place_and_lag():
    service = documents_service(stands={EVENT: OFFSET - 1})
    answer = asked(service=service, ends={EVENT: OFFSET + 4})
    assert told_of(answer, "event") == [f"ContractCreated at {TOPIC}/0/3, 09:30:02Z, 18 s ago"]
    assert told_of(answer, "group") == [
        "onboarding.documents stands at 2 there, the log ends at 7: lag 5; Stable, 1 member "
        "(faust at 10.0.0.7)"
    ]
    assert fields_of(answer, "group") == {
        "group": "onboarding.documents", "position": 2, "end": 7, "lag": 5,
    }  # fmt: skip


def test_a_group_that_has_committed_nothing_stands_before_everything():
    answer = asked(service=documents_service(stands={}))
    assert "has committed nothing there" in told_of(answer, "group")[0]
    assert fields_of(answer, "group")["lag"] == OFFSET + 1


def test_the_step_document_is_told_with_its_state_and_what_is_not_known_to_be_sent():
    own = document("done", said=2, sent=1)
    assert told_of(asked(own), "step document") == [
        "done, since 09:30:03Z, 17 s ago, 1 message not known to be sent"
    ]
    taken = calling(18, said=1)
    assert told_of(asked(taken), "step document") == ["pending, taken 09:30:18Z, 2.0 s ago"]
    assert told_of(asked(document("undoing"), saga=undoing()), "step document") == ["undoing"]
    assert told_of(asked(), "step document") == ["documents keeps none of this saga"]


def test_retries_tell_what_the_last_try_came_to_and_when_the_next_comes():
    assert told_of(asked(retrying("HTTP 503", 2)), "retries") == [
        "2 tries, the last one came to HTTP 503; the next comes 09:30:25Z, in 5.0 s"
    ]
    assert told_of(asked(calling(18)), "retries") == ["1 try; a call is out, for 2.0 s"]
    assert fields_of(asked(calling(18)), "retries")["calling"] is True


def test_other_sagas_whose_calls_fail_too_are_counted():
    many = documents_service(calls=Calls(32, 30))
    assert told_of(asked(retrying("HTTP 503"), many), "calls") == [
        "30 of 32 sagas that documents is at will be tried again"
    ]
    assert told_of(asked(calling(18)), "calls") == []


def test_the_deadline_is_the_steps_own_or_what_the_step_before_it_expects():
    assert told_of(asked(calling(18)), "deadline") == ["09:30:33Z, in 13 s (its own)"]
    assert told_of(asked(), "deadline") == ["09:30:32Z, in 12 s (as the step before it expects)"]


def test_the_watch_of_the_step_before_it_is_told():
    documents = {"contract": document("done", watch_at=at(37)), "documents": None}
    assert told_of(asked(documents=documents), "watch") == [
        "contract doubts it from 09:30:37Z, in 17 s"
    ]


def test_each_process_is_told_with_its_life_version_and_whether_it_reads_the_event():
    gone = process("vm:2", alive=False, seen_at=at(1), partitions=frozenset(), joined=False)
    service = documents_service(process(waiting_for={"kafka": "Away"}), gone)
    assert told_of(asked(service=service), "process") == [
        "documents, vm:1: alive, seen 09:30:18Z, 2.0 s ago, version 0.1.0, 1 partition, reads that "
        "of the event, waits for kafka: Away",
        "documents, vm:2: no sign of life since 09:30:01Z, 19 s ago, version 0.1.0, 0 partitions, not in "
        "its group",
    ]


def test_a_health_page_is_told_where_it_says_more_than_the_record():
    service = documents_service(pages=(page(), page(mongo="Away"), page(answers=False)))
    assert told_of(asked(service=service), "health page") == [
        "documents: waits for mongo: Away", "documents: does not answer",
    ]  # fmt: skip


def test_a_dead_letter_is_told_with_its_place():
    assert told_of(asked(letter=LETTER), "dead letter") == [
        "onboarding.documents.dlq/0/7: TENANT_UNKNOWN, the tenant is not known"
    ]


def test_of_a_saga_that_is_undone_it_is_told_why():
    assert told_of(asked(document("undoing"), saga=undoing()), "undone because") == [
        "campaigns said NO: campaigns says NO"
    ]
    saga = Voices()
    on_request = told(*saga.whole_way(), saga.asked(None, 20, by="ana"))
    assert told_of(asked(saga=on_request), "undone because") == ["ana asked for it: undo for ana"]


def test_a_saga_whose_start_was_not_seen_is_told_to_be_odd():
    saga = Voices()
    assert told_of(asked(saga=told(saga.did("contract", 2))), "odd") == [
        "its PartnerOnboardingInitiated was not seen"
    ]
    assert told_of(asked(), "odd") == []


@pytest.mark.parametrize("what", ["step document", "group", "process"])
def test_what_could_not_be_asked_is_unknown_with_the_reason(what):
    service = documents_service(processes=UNKNOWN, stands=UNKNOWN, group=UNKNOWN)
    (line,) = told_of(asked(service=service, documents=UNKNOWN), what)
    assert "unknown (no answer within 2 s)" in line


def test_the_answer_is_json_with_the_same_first_cause_on_top():
    body = asked(retrying("HTTP 503")).body
    read = json.loads(json.dumps(body, default=str))
    assert read["cause"] == read["causes"][0]["cause"] == "waiting_for_retry"
    assert read["command"] == read["causes"][0]["command"]
    assert {"saga_id", "status", "sentence", "sure", "evidence"} <= read.keys()


def ended(saga: Saga, **documents: str) -> Answer:
    kept = {step: document(state) for step, state in documents.items()}
    return explain(Case(saga, kept), world())


def test_a_completed_saga_is_told_to_be_well_and_how_long_it_took():
    answer = ended(told(*Voices().whole_way()), registration="done")
    assert (answer.cause.name, answer.sure) == ("completed", True)
    assert answer.sentence == "Nothing is wrong: it completed at 09:30:05Z, 15 s ago, after 5.0 s."


def test_a_saga_that_a_step_refused_is_told_with_code_and_reason():
    answer = ended(told(*Voices().undone_from("contract")), contract="rejected")
    assert answer.cause.name == "said_no"
    assert answer.sentence == (
        "contract said no (NO): contract says NO. What was done before is undone."
    )


def test_a_saga_that_ran_out_of_time_is_told_so_and_why_if_a_letter_tells():
    saga = Voices()
    events = (saga.start(), saga.did("registration", 1), saga.undid("registration", 9),
              saga.failed("contract", 8, code="TIMEOUT", by="registration"),
              saga.asked("contract", 8, by="registration"))  # fmt: skip
    assert ended(told(*events)).cause.name == "ran_out_of_time"
    answer = explain(Case(told(*events), {}, LETTER), world())
    assert answer.cause.name == "poison"
    assert "contract could not read the event that it had to answer" in answer.sentence


def test_a_saga_that_a_person_had_undone_is_told_who_and_why():
    saga = Voices()
    undone = [saga.undid(step, 30 + n) for n, step in enumerate(reversed(saga.steps))]
    answer = ended(told(*saga.whole_way(), saga.asked(None, 20, by="ana"), *undone))
    assert answer.cause.name == "undone_on_request"
    assert "ana asked for it" in answer.sentence


def test_w6_what_a_dead_step_still_holds_of_an_undone_saga_comes_first():
    saga = told(*Voices().undone_from("contract"))
    case = Case(saga, {"contract": document("pending")})
    answer = explain(case, world(services={"contract": Service("contract", processes=())}))
    assert answer.cause.name == "left_over"
    assert answer.cause.command == "python -m services.contract"
    lives = world(services={"contract": Service("contract", processes=(process(),))})
    assert explain(case, lives).cause.command.startswith("onboarding watch ")


def test_a_saga_of_a_journey_that_is_not_known_here_is_told_so():
    saga = told(*Voices().whole_way()[:2])
    unknown: Saga = {**saga, "journey_version": 9, "current_step": None}
    answer = explain(Case(unknown, {}), world())
    assert answer.cause.name == "unknown_journey"
    assert "partner-onboarding/9" in answer.sentence


def test_without_the_database_that_is_the_answer_and_pages_tell_who_else_misses_it():
    waits = Service("documents", processes=UNKNOWN, pages=(page(mongo="Away"),))
    answer = without_database("c-1", "default", "no answer within 2 s", world(waits))
    assert (answer.cause.name, answer.sure) == ("database_unreachable", True)
    assert "nobody can tell where c-1 stands" in answer.sentence
    assert told_of(answer, "health page") == ["documents: waits for mongo: Away"]


def test_a_saga_that_only_the_steps_know_waits_for_the_projection():
    kept = {"registration": document("done")}
    gone = world(
        services={"saga-state": Service("saga-state", processes=(), group=Group("Empty", 0))}
    )
    answer = not_projected("s-1", "default", kept, gone)
    assert (answer.cause.name, answer.cause.service) == ("service_not_running", "saga-state")
    assert answer.cause.command == "python -m saga_state"
    behind = not_projected("s-1", "default", kept, world())
    assert (behind.cause.name, behind.cause.service) == ("service_behind", "saga-state")


def test_a_start_that_nobody_could_read_is_poison_though_there_is_no_saga():
    answer = unreadable("c-1", "default", "registration", LETTER, world(now=NOW))
    assert (answer.cause.name, answer.status) == ("poison", "UNKNOWN")
    assert "no saga came of it" in answer.sentence
