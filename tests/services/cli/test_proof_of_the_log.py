"""The search finds what must not stand in the log: two ids, two bodies, a wrong order, silence."""

from dataclasses import replace

import pytest

from contracts import ids
from contracts.journey import PARTNER_CREATION_1, Journey
from services.cli.proof.runs import BOTH, Run
from services.cli.proof.states import Budgets
from services.runtime import saying, undoing
from services.runtime.case import Case, Outcome
from services.runtime.saying import Voice
from services.runtime.step import Rejected
from tests.services.cli.proof_planting import CALLS, TIME, assert_found, plant

pytestmark = pytest.mark.slow


def say_k_anew(one: Case) -> Outcome:
    return undoing.say_nothing_to_undo(one, one.known)


def test_k_with_two_bodies_is_found(monkeypatch: pytest.MonkeyPatch):
    plant(monkeypatch, "undo, my turn", {"undone": say_k_anew})
    assert_found(Run("two bodies", PARTNER_CREATION_1, (), TIME), "I3: one id with two bodies")


def test_k_with_two_causes_is_found(monkeypatch: pytest.MonkeyPatch):
    """V9: headers belong to the body."""
    plant(monkeypatch, "undo, my turn", {"blocked": say_k_anew})
    run = Run("two causes", PARTNER_CREATION_1, BOTH, CALLS, with_cause=True)
    assert_found(run, "I3: one id with two bodies")


def test_k_with_two_ids_is_found(monkeypatch: pytest.MonkeyPatch):
    own = saying._own

    def id_of_the_cause(voice: Voice, data):
        said = own(voice, data)
        if not isinstance(data, saying.CompensationCompleted):
            return said
        of_cause = ids.failure_id(voice.context.saga_id, "K", voice.part.name, str(voice.caused_by))
        headers = ((n, of_cause.encode() if n == "ce_id" else text) for n, text in said.headers)
        return replace(said, event_id=of_cause, headers=tuple(headers))

    def say_undone_anew(one: Case) -> Outcome:
        return undoing.spoken(one.known.saying(saying.undone(one.voice, "undone")))

    monkeypatch.setattr(saying, "_own", id_of_the_cause)
    plant(monkeypatch, "undo, my turn", {"undone": say_undone_anew})
    assert_found(Run("two ids", PARTNER_CREATION_1, (), TIME), "I3: CompensationCompleted")


def test_a_first_step_that_asks_for_an_undo_of_itself_is_found(monkeypatch: pytest.MonkeyPatch):
    def always_asks(voice: Voice, _journey: Journey, no: Rejected):
        return saying._failed(voice, voice.part.name, no, asks=True)

    monkeypatch.setattr(saying, "failure", always_asks)
    assert_found(Run("first", PARTNER_CREATION_1, BOTH, Budgets(no=1)), "V6")


def test_a_failure_that_is_said_before_its_request_is_found(monkeypatch: pytest.MonkeyPatch):
    failed = saying._failed
    monkeypatch.setattr(saying, "_failed", lambda *args, **more: failed(*args, **more)[::-1])
    assert_found(Run("F first", PARTNER_CREATION_1, BOTH, Budgets(no=1, crash=1)), "V5")


def test_a_last_step_that_says_its_own_event_first_is_found(monkeypatch: pytest.MonkeyPatch):
    progress = saying.progress
    monkeypatch.setattr(saying, "progress", lambda *args: progress(*args)[::-1])
    assert_found(Run("P first", PARTNER_CREATION_1, (), Budgets(crash=1)), "V8")


def test_what_is_said_in_the_name_of_another_is_found(monkeypatch: pytest.MonkeyPatch):
    """W4: nobody hears a P or K that the step did not say itself."""
    monkeypatch.setattr(saying, "source_of", lambda _: "/services/contract")
    assert_found(Run("other", PARTNER_CREATION_1, (), Budgets()), "W4")


def test_an_undo_that_is_not_told_is_found(monkeypatch: pytest.MonkeyPatch):
    """V8: silence is only for what was never done."""

    def silent(one: Case, document) -> Outcome:
        return Outcome(undoing.emptied(one, document, "undone"))

    monkeypatch.setattr(undoing, "_undone", silent)
    assert_found(Run("silent", PARTNER_CREATION_1, (), Budgets(request=1)), "V8")
