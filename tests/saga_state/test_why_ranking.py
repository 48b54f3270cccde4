"""Where it is not sure, `why` says so: all that may be it, the likeliest first, and how to tell."""

from dataclasses import replace

import pytest
from saga_given import at
from why_given import (
    EVENT,
    LETTER,
    OFFSET,
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

from saga_state.why.facts import Calls, Group, Unknown

UNKNOWN = Unknown("no answer within 2 s")
BEFORE = {"stands": {EVENT: OFFSET}}


def test_a_service_that_may_be_dead_or_without_its_database_is_told_as_both():
    answer = asked(service=not_there(group=Group("Stable", None)))
    assert names(answer)[:2] == ["service_not_running", "database_unreachable"]
    assert not answer.sure
    assert answer.sentence.startswith("Not sure. Most likely: documents is not running")
    assert [one["how_sure"] for one in answer.body["causes"]] == ["likely", "possible", "possible"]
    assert "server.away" in answer.causes[0].tell
    assert answer.causes[1].tell


def test_members_of_its_group_make_the_database_the_likelier_cause():
    answer = asked(service=not_there(group=Group("Stable", 1)))
    assert names(answer)[:2] == ["database_unreachable", "service_not_running"]
    assert not answer.sure


def test_on_this_machine_a_process_that_is_not_there_is_dead_for_sure():
    answer = asked(service=not_there(group=Group("Stable", None), pages=()))
    assert (names(answer)[0], answer.sure) == ("service_not_running", True)
    silent = not_there(group=Group("Stable", None), pages=(page(answers=False),))
    assert asked(service=silent).sure


def test_a_process_that_answers_on_its_page_is_not_called_dead_though_its_record_is_gone():
    service = not_there(group=Group("Stable", 1), pages=(page(mongo="AutoReconnect"),))
    assert names(asked(service=service)) == ["database_unreachable"]


def test_one_saga_whose_call_failed_once_waits_for_its_retry_and_maybe_for_the_system():
    answer = asked(retrying("HTTP 503"), documents_service(calls=Calls(1, 1)))
    assert names(answer) == ["waiting_for_retry", "outside_system_slow_or_down"]
    assert answer.sure


def test_when_other_sagas_wait_too_it_is_the_outside_system():
    answer = asked(retrying("HTTP 503"), documents_service(calls=Calls(9, 8)))
    assert names(answer) == ["outside_system_slow_or_down", "waiting_for_retry"]


@pytest.mark.parametrize("seconds", [0.5, 4.9])
def test_a_call_that_is_out_for_a_moment_is_nothing_wrong(seconds):
    answer = asked(calling(20 - seconds))
    assert (names(answer), answer.sure) == (["waiting_for_deadline"], True)


def test_a_call_that_failed_and_is_made_again_right_now_may_be_the_system():
    answer = asked(calling(19, attempts=2, last_answer="HTTP 503"))
    assert names(answer) == ["outside_system_slow_or_down", "waiting_for_deadline"]
    assert not answer.sure


def test_a_bug_of_our_own_is_not_blamed_on_the_outside_system():
    assert names(asked(retrying("ValueError at outside_http.py:9"))) == ["waiting_for_retry"]


def test_what_is_parked_is_told_whatever_else_is_wrong():
    own = document("parked", refusal={"code": "BUG", "reason": "x"})
    assert names(asked(own, not_there(), kafka="away")) == ["parked", "broker_unreachable"]


def test_a_step_that_is_at_its_call_does_not_wait_for_the_broker():
    assert names(asked(calling(8), kafka="away")) == [
        "outside_system_slow_or_down", "broker_unreachable",
    ]  # fmt: skip


def test_an_event_that_was_just_said_is_on_its_way_and_nothing_is_wrong():
    answer = asked(service=documents_service(**BEFORE), now=at(3))
    assert (names(answer)[0], answer.sure) == ("waiting_for_deadline", True)


def test_a_service_that_stands_still_is_behind_but_not_for_sure():
    answer = asked(service=documents_service(**BEFORE))
    assert names(answer) == ["service_behind", "waiting_for_deadline"]
    assert "no estimate" in answer.cause.sentence
    assert "whether the position of onboarding.documents moves" in answer.cause.tell


def test_before_a_service_whose_calls_fail_the_outside_system_comes_first():
    service = documents_service(calls=Calls(32, 30), **BEFORE)
    answer = asked(service=service)
    assert names(answer)[:2] == ["outside_system_slow_or_down", "service_behind"]
    assert "30 sagas before this one wait for another try" in answer.cause.sentence


def test_a_worker_more_is_advised_only_while_there_are_partitions_for_it():
    one = documents_service(process(partitions=frozenset({EVENT})), **BEFORE)
    assert asked(service=one).cause.command.startswith("onboarding watch ")
    two = documents_service(process(partitions=frozenset({EVENT, (EVENT[0], 1)})), **BEFORE)
    assert asked(service=two).cause.command == "python -m services.documents"


def test_a_service_that_lives_but_is_in_no_group_may_not_reach_the_broker():
    service = documents_service(group=Group("Empty", 0), **BEFORE)
    answer = asked(service=service)
    assert (names(answer)[0], answer.sure) == ("group_without_members", False)
    assert "its group has no member" in answer.sentence


def test_a_process_that_has_not_joined_yet_is_a_partition_without_owner_but_not_for_sure():
    joining = process(partitions=frozenset(), joined=False)
    answer = asked(service=documents_service(joining, **BEFORE))
    assert (names(answer)[0], answer.sure) == ("partition_without_owner", False)
    assert "has not joined its group yet" in answer.sentence


def test_a_stranger_in_the_group_is_the_cause_from_the_first_moment_on():
    service = documents_service(process(partitions=frozenset()), group=Group("Stable", 2), **BEFORE)
    assert asked(service=service, now=at(3)).sure
    alone = documents_service(process(partitions=frozenset()), **BEFORE)
    assert not asked(service=alone, now=at(3)).sure


def test_an_event_that_was_read_without_a_trace_may_be_poison_if_nobody_could_look():
    answer = asked(letter=UNKNOWN)
    assert "poison" in names(answer)
    assert not answer.sure


def test_a_letter_that_was_redriven_is_on_its_way_and_one_that_was_discarded_is_the_end():
    redriven = asked(letter=replace(LETTER, mark="redriven"))
    assert (names(redriven)[0], redriven.sure) == ("poison", False)
    discarded = asked(letter=replace(LETTER, mark="discarded"))
    assert (names(discarded)[0], discarded.sure) == ("poison", True)
    assert discarded.cause.command.startswith("onboarding compensate ")


@pytest.mark.parametrize("error_class", ["INVALID_JSON", "WRONG_SOURCE", "INVALID_DATA"])
def test_a_letter_whose_value_is_wrong_is_edited_not_redriven(error_class):
    answer = asked(letter=replace(LETTER, error_class=error_class))
    assert answer.cause.command == "onboarding dlq edit l-1 --to value.json"


def test_what_is_overdue_is_said_and_who_gives_it_up():
    answer = asked(
        service=documents_service(), now=at(60), documents={
            "registration": None, "documents": None,
            "contract": document("done", watch_at=at(37)),
        },
    )  # fmt: skip
    assert not answer.sure
    assert (
        "documents is overdue since 09:30:32Z, 28 s ago: contract, which watches it"
        in answer.sentence
    )


def test_an_undo_is_never_given_up_by_another_step():
    answer = asked(document("undoing"), saga=undoing(), now=at(600))
    assert answer.sentence == "Nothing is wrong yet: documents is about to undo its work."


@pytest.mark.parametrize(
    "service",
    [
        documents_service(processes=UNKNOWN),
        documents_service(group=UNKNOWN, stands=UNKNOWN, calls=UNKNOWN),
    ],
)
def test_what_nobody_could_find_out_proves_nothing(service):
    answer = asked(service=service, ends=UNKNOWN, rates=UNKNOWN, missing_topics=UNKNOWN)
    assert names(answer) == ["waiting_for_deadline"]
    assert not answer.sure


def test_with_every_document_unknown_the_processes_still_tell():
    answer = asked(service=not_there(), documents=UNKNOWN)
    assert (names(answer)[0], answer.sure) == ("service_not_running", True)


def test_two_proven_causes_are_both_told():
    answer = asked(service=not_there(), kafka="127.0.0.1:9: away")
    assert names(answer) == ["broker_unreachable", "service_not_running"]
    assert answer.sure
