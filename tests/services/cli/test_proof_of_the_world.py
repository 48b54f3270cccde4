"""The search finds mistakes outside of the table: in outside systems, leases, watches, delivery."""

from collections.abc import Sequence

import pytest

from contracts.envelope import Event
from contracts.events import PartnerOnboardingFailed
from contracts.journey import PARTNER_CREATION_1, PARTNER_ONBOARDING_1
from saga_state import status
from saga_state.said import Said
from services.cli.proof import arriving, checks_at_rest, checks_of_log, states
from services.cli.proof.runs import BOTH, Run
from services.cli.proof.states import Budgets
from services.runtime import delivery, doing, protocol, saying, undoing
from services.runtime.arrivals import Due
from tests.services.cli.proof_planting import CALLS, GONE, TIME, assert_found

pytestmark = pytest.mark.slow


def test_an_outside_system_without_tombstones_is_found(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(states, "TOMB", 0)
    assert_found(Run("no tombstone", PARTNER_CREATION_1, BOTH, CALLS), "I2")


def test_a_no_that_is_not_final_is_found(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("services.cli.proof.step_calls.REFUSED", 0)
    assert_found(Run("no twice", PARTNER_CREATION_1, BOTH, CALLS), "I2")


def test_an_answer_under_an_old_lease_that_counts_is_found(monkeypatch: pytest.MonkeyPatch):
    for module in (doing, undoing):
        monkeypatch.setattr(module, "answer_of", lambda one: one.arrival)
    assert_found(Run("old lease", PARTNER_CREATION_1, BOTH, CALLS), "W5")


def test_acknowledging_before_recording_is_found(monkeypatch: pytest.MonkeyPatch):
    async def acknowledged_first(record, real, ports) -> None:
        ports.acknowledge()
        await delivery.deliver(real, [record])

    monkeypatch.setattr(arriving, "deliver", acknowledged_first)
    assert_found(Run("acknowledged", PARTNER_CREATION_1, (), Budgets(crash=1)), "I1")


def test_publishing_before_recording_is_found(monkeypatch: pytest.MonkeyPatch):
    """V9 or the log tells: what was said is not what is decided when the event comes again."""
    record = delivery.record

    async def said_first(one, arrivals, stored):
        decided = [delivery.decide(one.part, None, heard, None) for heard in arrivals.values()]
        await delivery.say(one, [(each.document, each.say) for each in decided if each.document])
        return await record(one, arrivals, stored)

    monkeypatch.setattr(delivery, "record", said_first)
    assert_found(Run("said first", PARTNER_CREATION_1, (), TIME._replace(crash=1)), "I")


def test_a_watch_that_is_never_cleared_is_found(monkeypatch: pytest.MonkeyPatch):
    async def nothing(*_: object) -> None: ...

    monkeypatch.setattr(delivery, "clear_watches", nothing)
    assert_found(Run("watch", PARTNER_CREATION_1, (), Budgets(early=1)), "I8")


def test_a_failure_that_clears_the_watch_is_found(monkeypatch: pytest.MonkeyPatch):
    """V5: a service that dies for good between F and R. It needs F to be said first, which the
    log would tell at once; so that rule is not looked at here."""
    row_of, failed = protocol.row_of, saying._failed

    def cleared_by_failure(arrival, part, journey):
        after = journey.after(part.name)
        data = arrival.data if isinstance(arrival, Event) else None
        if after and isinstance(data, PartnerOnboardingFailed) and data.failed_step == after.name:
            return "next"
        return row_of(arrival, part, journey)

    monkeypatch.setattr(protocol, "row_of", cleared_by_failure)
    monkeypatch.setattr(saying, "_failed", lambda *args, **more: failed(*args, **more)[::-1])
    monkeypatch.setattr(checks_of_log, "requested_before_failed", lambda *_: None)
    assert_found(Run("F clears", PARTNER_CREATION_1, BOTH, GONE), "I1")


def test_a_dead_service_needs_the_watch(monkeypatch: pytest.MonkeyPatch):
    """Without watches a saga would wait for ever for a service that is gone."""
    monkeypatch.setitem(protocol.TABLE["watch"], "done", lambda one: doing.nothing(one))
    assert_found(Run("gone", PARTNER_CREATION_1, (), Budgets(dead=1)), "I1")


WAITING = Budgets(early=1, dead=1)


def test_a_status_that_forgets_who_timed_out_is_found(monkeypatch: pytest.MonkeyPatch):
    """W3: a step that said so itself, and died before its undo was done."""
    monkeypatch.setattr(Said, "ran", lambda said, step: step in said.progress)
    assert_found(Run("W3", PARTNER_CREATION_1, BOTH, WAITING), "I2: COMPENSATED")


def test_a_first_step_that_timed_out_and_counts_as_failed_is_found(
    monkeypatch: pytest.MonkeyPatch,
):
    """W2: it may have acted, and nobody but itself can undo that."""
    monkeypatch.setattr(status, "TIMEOUT", "another code")
    assert_found(Run("W2", PARTNER_CREATION_1, BOTH, WAITING), "I2: FAILED")


def test_a_redriven_step_that_waits_for_ever_is_found(monkeypatch: pytest.MonkeyPatch):
    """What a bug parked before it noted a plan is tried again from its stored record."""
    monkeypatch.setattr(arriving, "what_is_due", lambda *_: Due("try"))
    run = Run("no record", PARTNER_CREATION_1, (), Budgets(bug=1, redrive=1))
    assert_found(run, "I8")


def test_a_projection_that_depends_on_the_order_is_found(monkeypatch: pytest.MonkeyPatch):
    def last_of(_saga: None, events: Sequence[Event], *_: object) -> dict[str, str]:
        return {"status": events[-1].name}

    monkeypatch.setattr(checks_at_rest, "fold", last_of)
    assert_found(Run("order", PARTNER_ONBOARDING_1, (), Budgets()), "I5")
