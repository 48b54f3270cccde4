"""All that says nothing to a step, in every state; and whose journey counts."""

from dataclasses import replace

import pytest
from cells_given import INNER_STATES, OUTER, PLACES, STEPS, Led, Met, led
from runtime_given import HEARS, NO, event, part_of, told

from contracts import poison
from contracts.poison import PoisonError
from services.runtime.protocol import Answer, meet

EVERY = [("inner", state) for state in INNER_STATES] + [("outer", state) for state in OUTER]
ALL_WORDS = (
    [f"P(k{n:+})" for n in range(-5, 5)]
    + [f"R(k{n:+})" for n in range(-4, 5)]
    + [f"K(k{n:+})" for n in range(-4, 5)]
    + [f"F(k{n:+})" for n in range(-4, 5)]
    + ["R(null)", "C"]
)


def says_something(one: Led, word: str) -> bool:
    """By the words of the protocol: the rows, and the places that they are for."""
    place = STEPS.index(one.step)
    kind, _, step = word.rstrip(")").partition("(")
    away = {"null": len(STEPS) - place, "": None}.get(step)
    away = int(step[1:] or 0) if away is None and step.startswith("k") else away
    if kind == "P":
        return away in (-1, 1)
    if kind == "R":
        return away is not None and away <= 1
    return kind == "K" and away == 1


def exists(one: Led, word: str) -> bool:
    step = word.rstrip(")").partition("(")[2]
    first = -1 if word.startswith("P") else 0
    return not step.startswith("k") or first <= one.place + int(step[1:] or 0) < len(STEPS)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("kind", "state"), EVERY)
def test_everything_else_is_ignored_in_every_state(place, kind, state):
    """R(f) with f > k+1, own K, K of others, F, C, the progress of others."""
    words = [one for one in ALL_WORDS if exists(Led(place), one)]
    ignored = [one for one in words if not says_something(Led(place), one)]
    assert {"C", "F(k+0)", "K(k+0)"} <= set(ignored) < set(words)
    for word in ignored:
        one = led(place, kind, state)
        document = one.document
        assert one.meets(word) == Met("ignored", one.state), word
        assert one.last.document is document


@pytest.mark.parametrize("place", PLACES)
def test_what_is_not_ignored_meets_a_cell_in_some_state(place):
    for word in [one for one in ALL_WORDS if exists(Led(place), one)]:
        if says_something(Led(place), word):
            cells = {led(place, kind, state).meets(word).cell for kind, state in EVERY}
            assert cells > {"ignored"} or "ignored" not in cells, word


@pytest.mark.parametrize("place", ["first", "middle"])
@pytest.mark.parametrize(("kind", "state"), EVERY)
def test_r_null_is_for_the_last_step_alone(place, kind, state):
    one = led(place, kind, state)
    assert one.meets("R(null)") == Met("ignored", one.state)


@pytest.mark.parametrize("word", ["try", "deadline", "watch", "redrive", "resolve", "yes", "no"])
def test_what_is_no_event_says_nothing_of_a_saga_that_is_not_there(word):
    one = Led()
    assert one.meets(word) == Met("ignored", "absent")
    assert one.document is None


def test_a_journey_that_the_step_has_no_part_in_is_ignored():
    part = part_of(told("documents"))
    heard = event(HEARS["documents"], ce_journey="partner-creation/1")
    assert meet(None, heard, part) == Answer("ignored", None)
    asked = event("CompensationRequested", ce_journey="partner-creation/1")
    assert meet(None, asked, part) == Answer("ignored", None)
    assert meet(None, event(HEARS["documents"]), part_of(told("documents"))).cell == "do, absent"


def test_the_documents_journey_wins_over_the_messages():
    """In partner-creation contract is the last step, so a person's request is its turn."""
    contract = part_of(told("contract"))
    done = meet(None, event(HEARS["contract"], ce_journey="partner-creation/1"), contract).document
    person = event("CompensationRequested", {"failed_step": None, **WHY})
    assert person.context.journey == "partner-onboarding"
    assert meet(done, person, contract).cell == "undo, my turn, done"
    elsewhere = part_of(told("documents", **{"saga-1": NO}))
    document = meet(None, event(HEARS["documents"]), elsewhere).document
    other = event(HEARS["documents"], ce_journey="partner-creation/1")
    assert meet(document, other, elsewhere).cell == "do, rejected"
    gone = replace(document, context=other.context)
    assert meet(gone, event(HEARS["documents"]), elsewhere) == Answer("ignored", gone)


WHY = {"code": "ASKED", "reason": "A person asks.", "requested_by": "ops-1"}


def test_v6_a_step_that_the_documents_journey_does_not_have_is_a_dead_letter():
    """The message's own journey, the default one, has a step documents; the saga's has none."""
    contract = part_of(told("contract"))
    done = meet(None, event(HEARS["contract"], ce_journey="partner-creation/1"), contract).document
    asked = event("CompensationRequested", {"failed_step": "documents", **WHY})
    with pytest.raises(PoisonError) as error:
        meet(done, asked, contract)
    assert error.value.error_class == poison.UNKNOWN_STEP
