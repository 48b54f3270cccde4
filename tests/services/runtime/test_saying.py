"""What a step says: which messages in which order, under which ids, with what handed on."""

import json
from dataclasses import replace

import pytest
from runtime_given import (
    HEARS,
    NO,
    SECRET,
    TRACE,
    Clock,
    Ground,
    event,
    header,
    messages,
    part_of,
    said,
    told,
    triggers,
    types,
)

from contracts import ids
from contracts.journey import JOURNEYS
from services.runtime.delivery import deliver
from services.runtime.protocol import meet

C, P_LAST = "PartnerOnboardingCompleted", "RecruitmentSetupCompleted"
R, F = "CompensationRequested", "PartnerOnboardingFailed"
K = "CompensationCompleted"
WHY = {"code": "ASKED", "reason": "A person asks.", "requested_by": "ops-1"}


def outbox(step: str, answer: object = None, part: dict | None = None, **heard: object):
    answers = {} if answer is None else {"saga-1": answer}
    if step == "registration":  # of a start the saga is derived
        answers = (
            {ids.saga_id("default", "partner-onboarding", "/producers/crm", "e-1"): answer}
            if answer
            else {}
        )
    service = told(step, **answers)
    return meet(
        None, event(HEARS[step], **heard), part_of(service, Clock(), **(part or {}))
    ).document.outbox


def test_v8_the_last_step_says_completed_before_its_own_event():
    assert types(outbox("recruitment")) == [C, P_LAST]


def test_the_last_step_of_the_other_journey_says_completed_too():
    assert types(outbox("contract", ce_journey="partner-creation/1")) == [C, "ContractCreated"]


def test_a_step_with_a_successor_says_its_own_event_alone():
    assert types(outbox("contract")) == ["ContractCreated"]


@pytest.mark.parametrize("step", ["contract", "recruitment"])
def test_a_no_says_the_request_before_the_failure(step):
    assert types(outbox(step, NO)) == [R, F]


def test_the_no_of_the_first_step_is_the_failure_alone():
    assert types(outbox("registration", NO)) == [F]


def test_ids_of_progress_and_completion_are_of_saga_kind_and_step():
    own, completed = (ids.said_id("saga-1", name, "recruitment") for name in (P_LAST, C))
    assert [message.event_id for message in outbox("recruitment")] == [completed, own]
    assert own == "8501b446-b3b3-5307-8760-278ecee5bcad"  # for good: consumers know what they saw


def test_ids_of_failure_and_request_are_of_saga_kind_failed_step_and_sayer():
    expected = [ids.failure_id("saga-1", name, "contract", "contract") for name in (R, F)]
    assert [message.event_id for message in outbox("contract", NO)] == expected
    assert len(set(expected)) == 2


def test_the_id_of_completion_is_of_saga_kind_and_step_and_no_outcome_is_in_it():
    asked = event("CompensationRequested", {"failed_step": None, **WHY})
    for service in (told("recruitment"), told("recruitment", **{"saga-1": NO})):
        part = part_of(service)
        document = meet(None, event(HEARS["recruitment"]), part).document
        (*_, undone) = meet(document, asked, part).document.outbox
        assert undone.event_id == ids.said_id("saga-1", K, "recruitment")
        assert header(undone, "ce_causationid") == asked.event_id


@pytest.mark.parametrize("answer", [None, NO, ValueError("a bug")])
async def test_v9_said_again_is_the_same_in_every_byte(answer):
    ground = Ground(told("recruitment", **({"saga-1": answer} if answer else {})))
    await deliver(ground.delivery(), triggers("recruitment", "saga-1"))
    ground.clock.go_on(3600)
    ground.service = told("recruitment", **{"saga-1": replace(NO, reason="Other.")})
    (again,) = triggers("recruitment", "saga-1", first_offset=9)
    await deliver(
        ground.delivery(),
        [replace(again, headers=(*again.headers, ("traceparent", TRACE.encode())))],
    )
    assert all(len(forms) == 1 for forms in said(ground.log).values())
    times = 1 if isinstance(answer, ValueError) else 2  # what is parked is not said again
    assert len(messages(ground.log)) == times * len(said(ground.log))


def test_the_time_that_the_next_step_has_is_said():
    assert json.loads(outbox("contract")[0].value)["answer_within_seconds"] == 30
    longer = {"seconds_for": lambda row: 77.0 if row.name == "documents" else 5.0}
    service = part_of(told("contract"))
    document = meet(None, event(HEARS["contract"]), replace(service, **longer)).document
    assert json.loads(document.outbox[0].value)["answer_within_seconds"] == 77


def test_the_last_step_gives_nobody_time():
    assert all("answer_within_seconds" not in json.loads(m.value) for m in outbox("recruitment"))


@pytest.mark.parametrize("answer", [None, NO])
def test_cause_and_trace_are_handed_on(answer):
    for message in outbox("recruitment", answer, ce_id="e-77", traceparent=TRACE):
        assert header(message, "ce_causationid") == "e-77"
        assert header(message, "traceparent") == TRACE
    for message in outbox("recruitment", answer):
        assert header(message, "traceparent") is None


def test_what_a_saga_shares_is_said_in_every_message():
    given = {"ce_tenantid": "acme", "ce_correlationid": "corr-1", "ce_subject": "p-9"}
    for message in outbox("recruitment", **given):
        assert message.key == b"p-9"
        names = (
            "ce_sagaid",
            "ce_tenantid",
            "ce_correlationid",
            "ce_subject",
            "ce_journey",
            "ce_source",
        )
        assert [header(message, name) for name in names] == [
            "saga-1", "acme", "corr-1", "p-9", "partner-onboarding/1", "/services/recruitment",
        ]  # fmt: skip


def test_topics_have_the_prefix():
    topics = [message.topic for message in outbox("recruitment", part={"prefix": "t1-"})]
    assert topics == [
        "t1-onboarding.partner-onboarding-completed",
        "t1-onboarding.recruitment-setup-completed",
    ]
    letter, parked = outbox("recruitment", ValueError(), part={"prefix": "t1-"})
    assert {letter.topic, parked.topic} == {"t1-onboarding.recruitment.dlq"}


def test_a_no_says_code_reason_and_who_asks():
    request, failure = outbox("contract", NO)
    assert json.loads(failure.value) == {
        "failed_step": "contract",
        "code": NO.code,
        "reason": NO.reason,
    }
    assert json.loads(request.value) == {
        **json.loads(failure.value),
        "requested_by": "/services/contract",
    }


@pytest.mark.parametrize(
    "bug",
    [ValueError(SECRET), KeyError(SECRET), RecursionError(SECRET), SECRET, None],
    ids=["ValueError", "KeyError", "RecursionError", "no outcome", "None"],
)
def test_a_bug_is_told_by_type_and_place_without_its_text(bug):
    service = told("contract")
    broken = replace(service, handler=raises(bug) if isinstance(bug, Exception) else lambda *_: bug)
    heard = event(HEARS["contract"])
    document = meet(None, heard, part_of(broken)).document
    assert document.state == "parked"
    letter, parking = document.outbox
    assert (letter.key, letter.value) == (heard.record.key, heard.record.value)
    assert json.loads(parking.value)["where"] == document.refusal.reason
    assert header(letter, "dlq_error_class") == document.refusal.code == "BUG"
    assert header(letter, "dlq_error") == document.refusal.reason
    assert " at " in document.refusal.reason
    assert ".py:" in document.refusal.reason
    assert SECRET not in repr(document)


def raises(error: Exception):
    def handler(data, effects):
        raise error

    return handler


def test_every_step_of_every_journey_is_first_last_or_has_two_neighbours():
    """What saying rests on: `before` of the first and `after` of the last alone are None."""
    for journey in JOURNEYS.values():
        assert [journey.before(n) is None for n in journey.step_names].count(True) == 1
        assert [journey.after(n) is None for n in journey.step_names].count(True) == 1
