"""Which event a step waits for after a person asked, and whose commands name tenant and journey."""

from saga_given import Voices, told
from why_given import (
    EVENT,
    OFFSET,
    asked,
    document,
    names,
    not_there,
    retrying,
    waiting,
)

GROUPS = "kafka-consumer-groups.sh --bootstrap-server $ONBOARDING_KAFKA"
BUG = {"refusal": {"code": "BUG", "reason": "ValueError at rules.py:7"}}
BEFORE = {"stands": {EVENT: OFFSET}}  # its group has not read the event


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


def test_the_commands_name_the_tenant_of_a_saga_that_is_not_of_the_default_one():
    saga = Voices(tenant="acme")
    acme = told(saga.start(), saga.did("registration", 1), saga.did("contract", 2))
    assert asked(retrying("HTTP 418"), saga=acme).cause.command.endswith(" --tenant acme")
    assert "--tenant" not in asked(retrying("HTTP 418"), saga=waiting()).cause.command


def test_no_command_that_helps_does_what_the_id_of_a_saga_says():
    """That of a saga without a start may be anything."""
    odd = {**waiting(), "_id": "a; rm -rf ~"}
    for before in (document("parked", **BUG), retrying("HTTP 418"), document("undo_parked")):
        told = repr(asked(before, saga=odd).cause)
        assert ("a; rm" in told, "'a; rm -rf ~'" in told) in ((True, True), (False, False))
    assert "'a; rm -rf ~'" in asked(document("undo_parked"), saga=odd).cause.command


def test_starting_anew_names_the_tenant_and_a_journey_that_is_not_the_usual_one():
    saga = Voices(tenant="acme")
    ended = told(saga.start(), saga.failed("registration", 3, code="PARTNER_NOT_ALLOWED"))
    again = f"onboarding start partner.json --correlation-id {ended['correlation_id']}-again --wait"
    assert asked(saga=ended).cause.command == f"{again} --tenant acme"
    alliance = {**ended, "tenant_id": "default", "journey": "partner-creation"}
    assert asked(saga=alliance).cause.command == f"{again} --journey partner-creation"


def test_of_an_address_that_another_partner_has_it_is_asked_who_that_is():
    """To start again would be refused again."""
    saga = Voices(tenant="acme")
    ended = told(saga.start(), saga.failed("registration", 3, code="DUPLICATE_PARTNER"))
    assert asked(saga=ended).cause.command == "onboarding list --email ADDRESS --tenant acme"


def test_starting_anew_after_a_timeout_names_a_correlation_id_that_no_saga_has_had():
    """With the old one it would be the saga that has ended."""
    for own, fresh in (
        ("corr-7", "corr-7-again"),
        ("a b'; rm", "{id}-again"),
        ("-v", "{id}-again"),
    ):
        saga = Voices(correlation=own)
        ended = told(
            saga.start(),
            saga.did("registration", 1),
            saga.failed("contract", 8, code="TIMEOUT", by="registration"),
            saga.asked("contract", 8, by="registration"),
            saga.undid("registration", 9),
        )
        again = fresh.format(id=ended["_id"])
        command = f"onboarding start partner.json --correlation-id {again} --wait"
        assert asked(saga=ended).cause.command == command


def test_what_is_left_over_is_watched_in_its_tenant():
    saga = Voices(tenant="acme")
    ended = told(saga.start(), saga.failed("registration", 3, code="PARTNER_NOT_ALLOWED"))
    answer = asked(document("undoing"), saga=ended)
    assert (answer.cause.name, answer.cause.command) == (
        "left_over", f"onboarding watch {ended['_id']} --tenant acme",
    )  # fmt: skip
