"""What time asks of documents, marks, and watches that are over: memory and MongoDB must agree."""

from dataclasses import replace
from typing import get_args

import pytest
from stored_given import after, document, due, marks, stored, watching

from services.runtime.document import RESEND_SECONDS, State
from services.runtime.ports import Missed, Written

LATER = RESEND_SECONDS + 10
DAYS = 600_000.0
TIMES = ("try_at", "deadline_at", "watch_at")


async def test_what_is_due_comes_the_longest_due_first_up_to_a_limit(kept):
    seconds = {"b": 20, "a": 10, "c": 30, "d": 40}
    await kept.write([watching(saga, of) for saga, of in seconds.items()], {})
    assert await due(kept, 9.9) == []
    assert await due(kept, 30) == ["a", "b", "c"]
    assert await due(kept, 99, limit=2) == ["a", "b"]


async def test_what_is_due_is_found_whole(kept):
    await kept.write([watching()], {})
    (found,) = await kept.due(after(99), 10)
    assert found == await stored(kept) == watching(revision=1)


@pytest.mark.parametrize("name", TIMES)
async def test_each_time_makes_due_and_the_first_of_them_counts(kept, name):
    times = dict.fromkeys(TIMES, after(50)) | {name: after(5)}
    await kept.write([document(sent=1, **times)], {})
    assert await due(kept, 4.9) == []
    assert await due(kept, 5) == ["saga-1"]


async def test_an_outbox_that_is_not_marked_is_due_after_a_minute(kept):
    await kept.write([document()], {})
    assert await due(kept, RESEND_SECONDS) == []
    assert await due(kept, LATER) == ["saga-1"]


@pytest.mark.parametrize("name", TIMES)
async def test_an_outbox_that_is_not_marked_is_due_after_a_minute_however_late_its_times(
    kept, name
):
    """A step that waits for a person is watched for days: what was not said cannot wait so long."""
    await kept.write([document(**{name: after(DAYS)})], {})
    assert await due(kept, LATER) == ["saga-1"]
    await kept.write([], marks("saga-1"))
    assert await due(kept, LATER) == []
    assert await due(kept, DAYS) == ["saga-1"]


@pytest.mark.parametrize("state", ["done", "rejected", "undone", "blocked", "undo_parked"])
async def test_what_is_finished_and_marked_is_never_due(kept, state):
    await kept.write([document("at once", state=state, sent=1)], {})
    await kept.write([document("silent", state=state, outbox=(), said=0)], {})
    await kept.write([document("later", state=state)], {})
    assert await due(kept, DAYS) == ["later"]
    await kept.write([], marks("later"))
    assert await due(kept, DAYS) == []


async def test_what_was_due_and_is_written_without_times_is_due_no_more(kept):
    await kept.write([watching()], {})
    await kept.write([replace(await stored(kept), state="undone", watch_at=None)], {})
    assert await due(kept, DAYS) == []


async def test_a_mark_changes_nothing_but_that_the_outbox_is_sent(kept):
    await kept.write([document(said=2)], {})
    assert list(await kept.write([], marks("saga-1", 2))) == []
    assert await stored(kept) == document(said=2, sent=2, revision=1)


async def test_marks_ride_on_the_write_of_other_documents(kept):
    await kept.write([document("a")], {})
    await kept.write([document("b")], marks("a"))
    assert await due(kept, LATER) == ["b"]


async def test_marks_of_several_sagas_and_counts_are_written_at_once(kept):
    await kept.write([document("a"), document("b", said=3), document("c")], {})
    await kept.write([], {"a": 1, "b": 3, "c": 1})
    assert await due(kept, LATER) == []


async def test_marks_are_written_when_documents_beside_them_miss(kept):
    await kept.write([document("a"), document("b")], {})
    assert list(await kept.write([document("b")], marks("a"))) == [Missed()]
    assert await due(kept, LATER) == ["b"]


async def test_an_outbox_that_grew_since_is_not_marked(kept):
    await kept.write([document(said=1)], {})
    await kept.write([replace(await stored(kept), outbox=document(said=2).outbox, said=2)], {})
    await kept.write([], marks("saga-1", 1))
    assert (await stored(kept)).is_unsent
    assert await due(kept, LATER) == ["saga-1"]


async def test_a_document_that_says_more_after_its_mark_is_unsent_again(kept):
    await kept.write([document(said=1)], {})
    await kept.write([], marks("saga-1", 1))
    marked = await stored(kept)
    await kept.write([replace(marked, outbox=document(said=2).outbox, said=2)], {})
    assert (await stored(kept)).unsent == document(said=2).outbox[1:]
    assert await due(kept, LATER) == ["saga-1"]


async def test_a_mark_of_an_unknown_saga_makes_nothing(kept):
    await kept.write([], marks("nobody"))
    assert await kept.read(["nobody"]) == {}


async def test_a_mark_does_not_make_a_writer_miss(kept):
    await kept.write([document()], {})
    before = await stored(kept)
    await kept.write([], marks("saga-1"))
    assert list(await kept.write([replace(before, state="parked")], {})) == [Written()]


async def test_a_watch_that_is_cleared_is_due_no_more_and_nothing_else_changes(kept):
    before = watching(holds={"email": "a@b"}, result={"n": 1}, attempts=3)
    await kept.write([before], {})
    await kept.clear_watches([before.context])
    assert await stored(kept) == replace(before, watch_at=None, revision=2)
    assert await due(kept, DAYS) == []


async def test_an_answer_says_that_the_outbox_was_sent_even_without_a_mark(kept):
    unmarked = watching(sent=0)
    await kept.write([unmarked], {})
    await kept.clear_watches([unmarked.context])
    assert await due(kept, DAYS) == []
    await kept.write([], marks("saga-1"))
    assert await due(kept, DAYS) == []


async def test_a_watch_that_fires_while_it_is_cleared_misses(kept):
    await kept.write([watching()], {})
    (fires,) = await kept.due(after(40), 1)
    await kept.clear_watches([fires.context])
    spoke = replace(fires, watch_at=None, outbox=document(said=3).outbox, said=3)
    assert list(await kept.write([spoke], {})) == [Missed()]
    assert (await stored(kept)).said == 1


async def test_a_watch_that_spoke_is_not_cleared(kept):
    await kept.write([watching()], {})
    spoke = replace(await stored(kept), watch_at=None, outbox=document(said=3).outbox, said=3)
    await kept.write([spoke], {})
    await kept.clear_watches([spoke.context])
    assert await stored(kept) == replace(spoke, revision=2)
    assert await due(kept, LATER) == ["saga-1"]


@pytest.mark.parametrize("state", [state for state in get_args(State) if state != "done"])
async def test_only_what_is_done_is_cleared(kept, state):
    other = watching(state=state)
    await kept.write([other], {})
    await kept.clear_watches([other.context])
    assert await stored(kept) == replace(other, revision=1)
    assert await due(kept, 35) == ["saga-1"]


async def test_watches_are_cleared_of_the_tenant_that_asks_alone(kept):
    await kept.write([watching("a"), watching("b"), watching("c", 36)], {})
    theirs = replace(watching("b").context, tenant_id="acme")
    await kept.clear_watches([watching("a").context, theirs, document("nobody").context])
    assert await due(kept, DAYS) == ["b", "c"]
    assert (await stored(kept, "b")).revision == 1


async def test_to_clear_nothing_is_nothing(kept):
    await kept.clear_watches([])


async def test_what_is_put_off_is_due_then_and_nothing_else_changes(kept):
    await kept.write([watching("a"), watching("b", 36)], {})
    await kept.put_off(["a"], after(50))
    assert await stored(kept, "a") == watching("a", revision=1)
    assert await due(kept, 49) == ["b"]
    assert await due(kept, 50) == ["b", "a"]


async def test_what_is_not_due_at_all_is_not_put_off(kept):
    await kept.write([document(sent=1)], {})
    await kept.put_off(["saga-1", "nobody"], after(50))
    assert await due(kept, DAYS) == []


@pytest.mark.parametrize("name", ["try_at", "deadline_at"])
async def test_what_became_due_for_another_reason_meanwhile_is_not_put_off_beyond_that(kept, name):
    """It watched when it was looked at; then an undo came, and its call is to be tried again."""
    await kept.write([watching()], {})
    undoing = replace(await stored(kept), state="undoing", watch_at=None, **{name: after(70)})
    await kept.write([undoing], {})
    await kept.put_off(["saga-1"], after(DAYS))
    assert await due(kept, 70) == ["saga-1"]


@pytest.mark.parametrize("name", ["try_at", "deadline_at"])
async def test_what_became_due_at_once_meanwhile_is_looked_at_again_in_a_second(kept, name):
    """Not at once: what can never be done would leave no room for the rest."""
    await kept.write([document(sent=1, state="undoing", **{name: after(0)})], {})
    await kept.put_off(["saga-1"], after(DAYS))
    assert await due(kept, 0.5) == []
    assert await due(kept, 1.5) == ["saga-1"]


async def test_what_says_something_new_meanwhile_is_not_put_off(kept):
    await kept.write([watching()], {})
    undone = replace(await stored(kept), state="undone", watch_at=None, said=2)
    await kept.write([undone], {})
    await kept.put_off(["saga-1"], after(DAYS))
    assert await due(kept, LATER) == ["saga-1"]


async def test_a_document_that_was_put_off_and_is_written_is_due_by_its_own_times(kept):
    await kept.write([watching()], {})
    await kept.put_off(["saga-1"], after(DAYS))
    await kept.write([replace(await stored(kept), attempts=2)], {})
    assert await due(kept, 35) == ["saga-1"]
