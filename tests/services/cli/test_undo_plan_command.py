"""`undo-plan`, and `compensate --plan`, on a real mongod."""

import json

import pytest
from rich.console import Console

from saga_state.undo_plan import undo_plan
from services.cli.errors import CliError
from services.cli.undo_plan import shown
from services.cli.wishes import Wish, refuse_if_other_plan
from tests.saga_state.saga_given import Voices, told

WHY = ("--reason", "The partner has left.", "--by", "ana")


@pytest.fixture
def done(projected) -> Voices:
    v = Voices(partner="p-1")
    projected(*v.whole_way())
    return v


@pytest.mark.servers
def test_a_plan_tells_its_hash_its_steps_and_the_command_that_does_it(done, onboarding):
    plan = json.loads(onboarding("undo-plan", "p-1", "-o", "json").out)
    assert [one["step"] for one in plan["steps"]] == list(reversed(done.steps))
    text = onboarding("undo-plan", "p-1").out
    assert f"saga {done.id} (COMPLETED), plan {plan['hash']}" in text
    assert "cancel the contract" in text
    assert "1.00 s (as long as doing it took)" in text
    assert f"onboarding compensate {done.id} --plan {plan['hash']} --reason" in text
    with_step = json.loads(onboarding("undo-plan", "p-1", "--step", "documents", "-o", "json").out)
    assert (with_step["failed_step"], with_step["hash"] == plan["hash"]) == ("documents", False)


@pytest.mark.servers
def test_what_other_sagas_took_is_what_is_expected(done, projected, onboarding):
    for number in range(3):
        v = Voices(number=f"undone-{number}")
        undone = [v.undid(step, 61 + place) for place, step in enumerate(reversed(v.steps))]
        projected(*v.whole_way(), v.asked(None, 60), *undone)
    assert "1.00 s (median of 3 undone sagas)" in onboarding("undo-plan", done.id).out


@pytest.mark.servers
def test_a_saga_that_is_over_has_a_plan_and_a_no(projected, onboarding):
    v = Voices()
    projected(*v.undone_from("documents"))
    ended = onboarding("undo-plan", v.id)
    assert ended.code == 1
    assert "cannot be undone now: it is COMPENSATED: there is nothing to undo" in ended.error
    assert "nothing left to do" in ended.out
    assert onboarding("undo-plan", v.id, "--step", "nobody").code == 2
    beginning = onboarding("undo-plan", v.id[:8])
    assert (beginning.code, "(give it whole; " in beginning.error) == (1, True)


@pytest.mark.servers
def test_of_several_sagas_that_is_planned_which_would_be_undone(projected, onboarding):
    done, failed = Voices(number="1", partner="p"), Voices(number="2", partner="p")
    projected(*done.whole_way(), failed.start(90), failed.failed("registration", 91))
    ended = onboarding("undo-plan", "p", "-o", "json")
    assert json.loads(ended.out)["saga_id"] == done.id
    assert ended.error == (
        f"note: p stands for 2 sagas; this is {done.id}, the only one that can be undone"
    )


@pytest.mark.servers
def test_of_several_sagas_that_are_over_the_newest_is_shown_and_said_to_be_so(
    projected, onboarding
):
    first, second = Voices(number="1", partner="p"), Voices(number="2", partner="p")
    projected(*first.undone_from("documents"))
    projected(second.start(90), second.failed("registration", 91))
    ended = onboarding("undo-plan", "p", "-o", "json")
    assert (ended.code, json.loads(ended.out)["saga_id"]) == (1, second.id)
    assert f"this is {second.id}, the newest: none can be undone" in ended.err


@pytest.mark.servers
def test_compensating_by_a_plan_is_refused_once_the_facts_are_others(
    done, projected, onboarding, monkeypatch
):
    monkeypatch.setenv("ONBOARDING_KAFKA", "127.0.0.1:1")
    made = json.loads(onboarding("undo-plan", "p-1", "-o", "json").out)["hash"]
    asked = ("compensate", "p-1", *WHY, "--plan", made, "--dry-run")
    assert onboarding(*asked).code == 0
    projected(done.asked(None, 60), done.undid("recruitment", 61))
    ended = onboarding(*asked)
    assert (ended.code, ended.out) == (1, "")
    assert (
        f"not {made}: `onboarding undo-plan {done.id}` shows it; nothing was asked" in ended.error
    )


def test_a_plan_is_that_of_the_step_that_is_named(sagas):
    saga = sagas["COMPLETED"]
    made = undo_plan(saga, failed_step="documents")["hash"]
    refuse_if_other_plan(saga, Wish("x", "documents", "why", "ana", plan=made))
    refuse_if_other_plan(saga, Wish("x", None, "why", "ana"))
    with pytest.raises(CliError, match="nothing was asked"):
        refuse_if_other_plan(saga, Wish("x", None, "why", "ana", plan=made))


def test_a_parked_undo_is_shown_as_what_a_person_must_do():
    v = Voices()
    saga = told(*v.whole_way(), v.asked(None, 60), v.parked("recruitment", 61, "undo_parked"))
    console = Console(width=200, no_color=True)
    with console.capture() as captured:
        console.print(shown(undo_plan(saga)))
    assert "cannot: a person must remove the recruitment workspace" in captured.get()
    assert "onboarding compensate" not in captured.get()
