"""After a topic was given more partitions the event may stand in another than its key tells now."""

from runtime_given import T0
from test_watching_queue import OTHER, PATIENCE, SAID, UNDOING, Log, Looking

ANSWERS = [("onboarding.documents-verified", one) for one in range(2)]
READ = {SAID: 100, OTHER: 100, UNDOING: 100}


async def test_an_event_that_waits_in_a_partition_of_before_is_not_taken_for_one_that_was_read():
    looking = Looking(Log({SAID: 100, OTHER: 10, UNDOING: 10}))
    assert not await looking.is_silent(2 * PATIENCE, moving=OTHER)


async def test_an_answer_that_waits_in_a_partition_of_before_is_read_first():
    looking = Looking(Log(READ, own={ANSWERS[0]: 100, ANSWERS[1]: 99}))
    assert not await looking.is_silent(2 * PATIENCE)
    looking.log.own[ANSWERS[1]] = 100
    assert await looking.is_silent(1)


async def test_a_partition_in_which_nothing_is_left_to_read_holds_nobody_up():
    """Its records have gone, and who read none of them has no place in it."""
    looking = Looking(Log(READ, own={ANSWERS[0]: 100}, begin={ANSWERS[1]: 100}))
    assert not await looking.is_silent(PATIENCE)
    assert await looking.is_silent(1)
    assert looking.now > T0
