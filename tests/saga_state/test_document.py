"""The saga's document: ids, times, results, what is left out of it, and how it was at a time."""

import orjson
import pytest
from saga_given import EMAIL, T0, Voices, at, hash_of, told

from contracts.ids import identity_id
from saga_state.state import as_of, evolve, fold


@pytest.fixture
def v() -> Voices:
    return Voices()


def test_a_completed_saga_lists_every_step_with_its_times_and_result(v: Voices) -> None:
    saga = told(*v.whole_way())
    assert [step["step"] for step in saga["steps"]] == list(v.steps)
    contract = saga["steps"][1]
    assert contract == {
        "step": "contract", "state": "done", "attempts": 1, "due_at": at(31), "result": {"number": "CT-1"},
        "completed_at": at(2), "undone_at": None, "duration_ms": 1000, "event_id": v.did("contract", 2).event_id,
        "parked": None,
    }  # fmt: skip
    assert (saga["initiated_at"], saga["updated_at"], saga["ended_at"]) == (T0, at(5), at(5))
    assert (saga["duration_ms"], saga["event_count"], saga["schema_version"]) == (5000, 7, 1)
    assert (saga["due_at"], saga["failure"], saga["compensation"]) == (None, None, None)


def test_of_a_partner_creation_the_contract_number_is_the_alliance_id() -> None:
    v = Voices("partner-creation")
    saga = told(*v.whole_way())
    assert [step["result"] for step in saga["steps"]] == [
        {"partner_id": v.context.partner_id},
        {"number": "CT-1"},
    ]


def test_what_is_due_when_is_told_from_the_log_alone(v: Voices) -> None:
    saga = told(v.start(), v.did("registration", 1, answer=12.5))
    assert (saga["current_step"], saga["due_at"]) == ("contract", at(13.5))
    assert told(v.start())["due_at"] is None
    assert told(v.start(), v.did("registration", 1, answer=None))["due_at"] is None
    assert told(v.start(), v.did("registration", 1), v.asked(None, 2))["due_at"] is None


def test_no_personal_data_stands_in_the_document(v: Voices) -> None:
    text = str(told(*v.whole_way()))
    for personal in (EMAIL, EMAIL.lower(), "Ana", "+34600000000"):
        assert personal not in text


def test_a_partner_is_found_by_every_spelling_of_the_same_address(v: Voices) -> None:
    one, other = told(v.start(email=" ana.maria@EXAMPLE.com ")), told(v.start())
    assert one["partner_hash"] == other["partner_hash"] == hash_of(EMAIL)
    assert len(other["partner_hash"]) == 64


@pytest.mark.parametrize("email", [None, 7, [], {}, "", "nobody", "a@b@c", "\0@x.com", "x" * 5000])
def test_an_address_that_is_none_has_no_hash(v: Voices, email: object) -> None:
    assert told(v.start(email=email))["partner_hash"] is None


@pytest.mark.parametrize(
    "body", [{}, {"partner_data": None}, {"partner_data": [1]}, {"x": {"y": []}}]
)
def test_a_start_with_any_body_is_projected(v: Voices, body: object) -> None:
    assert told(v.start(value=orjson.dumps(body)))["status"] == "INITIATED"


def test_of_two_failures_the_earliest_is_shown_and_of_equal_times_one_by_identity(
    v: Voices,
) -> None:
    late, early = v.failed("contract", 9, "TIMEOUT", by="registration"), v.failed("contract", 8)
    assert told(late, early)["failure"] == told(early, late)["failure"]
    assert told(late, early)["failure"]["at"] == at(8)
    same = [v.failed("contract", 9, "TIMEOUT", by="registration"), v.failed("contract", 9)]
    first = min(same, key=lambda event: identity_id(event.source, event.event_id))
    assert told(*same)["failure"]["code"] == told(*same[::-1])["failure"]["code"] == first.data.code


def test_the_earliest_request_tells_who_asked_to_undo_and_why(v: Voices) -> None:
    saga = told(*v.whole_way(), v.asked(None, 9, by="late"), v.asked(None, 8, by="ops-7"))
    assert saga["compensation"] == {
        "requested_by": "ops-7", "reason": "undo for ops-7", "requested_at": at(8), "completed_at": None,
    }  # fmt: skip


def test_a_duplicate_with_another_derived_time_keeps_the_earlier_time(v: Voices) -> None:
    first, again = v.did("registration", 3), v.did("registration", 2)
    for events in ((first, again), (again, first)):
        saga = told(v.start(), *events)
        assert (saga["steps"][0]["completed_at"], saga["event_count"]) == (at(2), 2)


def test_clocks_that_disagree_make_no_negative_duration(v: Voices) -> None:
    saga = told(v.start(10), v.did("registration", 3), v.completed(4))
    assert (saga["duration_ms"], saga["steps"][0]["duration_ms"]) == (0, 0)


def test_what_another_tenant_says_of_a_saga_does_not_change_it(v: Voices) -> None:
    foreign = {"context": {"tenant_id": "evil"}}
    forged = [
        v.undid("registration", -50, event_id="x1", **foreign),
        v.asked(None, -60, by="x", **foreign),
    ]
    own = v.whole_way()
    alone = told(*own)
    for events in ([*forged, *own], [*own, *forged]):
        saga = told(*events)
        assert saga == alone


def test_the_start_tells_whose_saga_it_is_even_when_it_is_heard_last(v: Voices) -> None:
    lies = {"context": {"tenant_id": "evil", "partner_id": "p", "correlation_id": "c"}}
    forged = v.did("contract", -9, event_id="x", **lies)
    assert told(forged)["tenant_id"] == "evil"
    saga = told(forged, v.start())
    assert (saga["tenant_id"], saga["partner_id"]) == ("default", v.context.partner_id)
    assert (saga["correlation_id"], saga["status"]) == ("corr-1", "INITIATED")


def test_an_identity_used_twice_counts_once_by_its_earliest_record(v: Voices) -> None:
    one = v.undid("documents", 5, event_id="same")
    other = v.did("documents", 4, event_id="same")
    for events in ((one, other), (other, one)):
        saga = told(v.start(), *events)
        assert (saga["event_count"], saga["status"]) == (2, "DOCUMENTS_VERIFIED")


def test_a_flood_of_requests_leaves_the_document_small_and_the_same_in_any_order(v: Voices) -> None:
    flood = [v.asked(None, 100 + n, by=f"{n}-" + "x" * 900) for n in range(300)]
    done = v.whole_way()
    saga, other = told(*done, *flood), told(*flood[::-1], *done)
    assert saga == other
    assert saga["event_count"] == 7 + 32
    assert saga["compensation"]["requested_at"] == at(100)


def test_a_saga_can_be_shown_as_it_was(v: Voices) -> None:
    events = v.undone_from("campaigns")
    saga = told(*events)
    for event in events:
        known = [other for other in events if other.time <= event.time]
        assert as_of(saga, event.time) == told(*known)
    assert as_of(saga, at(-1)) is None


def test_what_is_said_again_gives_back_the_very_same_object(v: Voices) -> None:
    events = v.whole_way()
    saga = told(*events)
    assert fold(saga, [v.again(event) for event in events], hash_of) is saga
    assert evolve(saga, events[0], hash_of) is saga


def test_what_it_is_given_is_never_changed(v: Voices) -> None:
    import copy

    saga = told(v.start())
    before = copy.deepcopy(saga)
    evolve(saga, v.did("registration", 1), hash_of)
    assert saga == before


def test_a_replay_of_a_start_without_version_keeps_the_version_its_steps_went_by() -> None:
    from dataclasses import replace

    v = Voices()
    misread = v.start()
    misread = replace(misread, context=replace(misread.context, journey_version=2))
    assert told(misread, v.did("registration", 1))["journey_version"] == 1


def test_a_start_without_version_that_was_read_before_the_version_was_raised_here_is_what_its_steps_say():
    from dataclasses import replace

    v = Voices()
    done = v.did("registration", 1)
    done = replace(done, context=replace(done.context, journey_version=2))
    asked = replace(v.asked(None, 2), names_journey=False)
    assert told(v.start(), done, asked)["journey_version"] == 2
    assert told(v.start(), asked)["journey_version"] == 1


def test_a_journey_that_this_process_does_not_know_is_shown_without_steps() -> None:
    v = Voices()
    saga = fold(None, [*v.whole_way(), v.asked(None, 9), v.undid("contract", 9)], hash_of, {})
    assert (saga["steps"], saga["current_step"], saga["status"]) == ([], None, "COMPENSATING")
