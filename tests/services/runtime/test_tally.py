"""What the metrics of a step count: outcomes, times, undos, expiries, wishes."""

from functools import partial

import pytest
from cells_given import BUG, Led, led
from counted import counted, samples
from runtime_given import NO

from contracts.envelope import Event
from contracts.topics import event_topic
from services.runtime import metrics
from services.runtime.tally import Tally

about = partial(pytest.approx, abs=0.1)  # the clock of these tests goes on with each look
OUTCOMES, UNDOS = ("step_outcomes_total", "step_undos_total")


def meets(one: Led, *words: str | float) -> None:
    """As delivery tells it: each arrival with the document it led to, if that is another."""
    tally = Tally(one.part)
    for word in words:
        before = one.document
        if isinstance(word, float):
            one.clock.go_on(word)
            continue
        arrival = one.arrival(word)
        one.meets(arrival)
        after = one.document if one.document is not before else None
        tally.cell(one.last.cell, arrival, after)


@pytest.mark.parametrize(
    ("kind", "words", "outcome"),
    [
        (Led("middle"), ["P(k-1)"], ("contract", "contract", "done", "")),
        (Led("middle", answer=NO), ["P(k-1)"], ("contract", "contract", "rejected", NO.code)),
        (Led("middle", answer=BUG), ["P(k-1)"], ("contract", "contract", "parked", "BUG")),
        (Led("middle", outer=True), ["P(k-1)", "yes"], ("contract", "contract", "done", "")),
        (
            Led("middle", outer=True),
            ["P(k-1)", "no"],
            ("contract", "contract", "rejected", NO.code),
        ),
        (
            Led("middle", outer=True),
            ["P(k-1)", 30.0, "deadline"],
            ("contract", "contract", "timed_out", "TIMEOUT"),
        ),
        (
            led("middle", "inner", "done"),
            ["watch"],
            ("contract", "documents", "timed_out", "TIMEOUT"),
        ),
        (Led("middle"), ["my turn"], ("contract", "contract", "blocked", "")),
    ],
)
def test_an_outcome_is_counted_once_by_step_and_code(kind, words, outcome):
    with counted(OUTCOMES) as found:
        meets(kind, *words, "P(k-1)")
    assert found == {(OUTCOMES, *outcome): 1}


@pytest.mark.parametrize(
    ("kind", "words", "outcome"),
    [
        (led("middle", "inner", "done"), ["my turn"], "undone"),
        (led("middle", "outer", "undoing"), ["yes"], "undone"),
        (Led("middle"), ["my turn"], "nothing_to_undo"),
        (led("middle", "inner", "rejected"), ["my turn"], "nothing_to_undo"),
        (led("middle", "outer", "undo_parked"), ["resolve", "yes"], "resolved_by_operator"),
        (
            led("middle", "outer", "undoing"),
            ["bug", 1.0, "try", "bug", 1.0, "try", "bug"],
            "parked",
        ),
    ],
)
def test_what_became_of_an_undo_is_counted_once(kind, words, outcome):
    with counted(UNDOS) as found:
        meets(kind, *words, "my turn")
    assert found == {(UNDOS, kind.step, outcome): 1}


def test_the_wait_ends_when_it_is_taken_and_the_duration_when_it_is_answered():
    one = Led("middle", outer=True)
    event = one.arrival("P(k-1)")
    assert isinstance(event, Event)
    one.clock.go_on(2.0)
    waited = (one.clock() - event.time).total_seconds()
    with counted("step_wait_seconds_sum", "step_duration_seconds_sum") as found:
        meets(one, event, 3.0, "yes")
    assert found == {
        ("step_wait_seconds_sum", "contract"): about(waited),
        ("step_duration_seconds_sum", "contract", "done"): about(waited + 3.0),
    }


def test_an_event_is_timed_by_its_topic_until_it_is_handled():
    one = led("middle", "inner", "done")
    event = one.arrival("P(k+1)")
    one.clock.go_on(7.0)
    age = (one.clock() - event.time).total_seconds()
    with counted("event_latency_seconds_sum") as found:
        meets(one, event)
    topic = event_topic("DocumentsVerified")
    assert found == {("event_latency_seconds_sum", "contract", topic): about(age)}


@pytest.mark.parametrize(("state", "what"), [("parked", "do"), ("undo_parked", "undo")])
def test_what_a_person_asks_for_again_is_counted(state, what):
    with counted("redriven_total") as found:
        meets(led("middle", "outer", state), "redrive", "redrive")
    assert found == {("redriven_total", "contract", what): 1}


def test_a_dead_letter_that_was_sent_again_is_known_by_its_last_header():
    one = Led("middle")
    with counted("redriven_total") as found:
        meets(one, one.event("P(k-1)", dlq_redrive_id="r-1"), one.event("P(k-1)"))
    assert found == {("redriven_total", "contract", "letter"): 1}


@pytest.mark.parametrize("word", ["deadline", "watch"])
def test_a_time_that_ran_out_is_counted_if_it_led_to_something(word):
    one = led("middle", "outer", "pending" if word == "deadline" else "done")
    with counted("expiries_total") as found:
        meets(one, 31.0, word, word)
    assert found == {("expiries_total", "contract", word): 1}


@pytest.mark.parametrize(("state", "what"), [("pending", "do"), ("undoing", "undo")])
def test_what_begins_to_wait_for_a_person_is_counted(state, what):
    with counted("parked_total") as found:
        meets(led("middle", "outer", state), "bug", 1.0, "try", "bug", 1.0, "try", "bug")
    assert found == {("parked_total", "contract", what): 1}


def test_what_is_known_from_the_start_is_there_at_zero():
    Tally(led("last", "inner", "done").part)
    there = {key for key in samples() if key[1:2] == ("recruitment",)}
    assert (OUTCOMES, "recruitment", "recruitment", "timed_out", "TIMEOUT") in there
    assert (UNDOS, "recruitment", "parked") in there
    assert ("calls_total", "recruitment", "undo", "bug") in there
    assert ("events_total", "recruitment", "undo, my turn, done") in there
    assert not [key for key in there if key[0] == OUTCOMES and "campaigns" in key]


def test_clocks_that_disagree_count_as_no_time():
    one = Led("middle")
    event = one.arrival("P(k-1)")
    one.clock.go_on(-3600.0)
    with counted("event_latency_seconds_sum", "event_latency_seconds_count") as found:
        meets(one, event)
    ((name, *_),) = found
    assert name == "event_latency_seconds_count"


def test_children_are_looked_up_once():
    made: list[str] = []
    children = metrics.Children(lambda value: made.append(value) or value)
    assert [children["a"], children["a"], children["b"]] == ["a", "a", "b"]
    assert made == ["a", "b"]
