"""Redriving and discarding: what is selected, what is sent, what is marked, in which order."""

import pytest
from letters_given import NOW, STARTS, Topics

from contracts.operator import read_operator_event
from contracts.reading import Reader
from services.cli.dlq_edit import headers_given
from services.cli.dlq_sending import _agree, broken_off
from services.cli.dlq_telling import Order
from services.cli.errors import CliError
from services.letters.changing import edited
from services.letters.chosen import Act, Which, hash_of, selected, twins_of
from services.letters.letter import REDRIVE_ID, header_text
from services.letters.sending import CHUNK, deal_with, in_chunks, redriven

REDRIVE = Act("redriven", Which(), "mended", "ana")
DISCARD = Act("discarded", Which(), "of no use", "ana")
AGAIN = Act("redriven", Which(), "mended", "ana", again=True)


@pytest.fixture
def topics() -> Topics:
    return Topics()


def count(topics: Topics, act: Act = REDRIVE) -> tuple[int, int]:
    chosen, left = selected(topics.letters(), act, "")
    return len(chosen), sum(left.values())


async def dealt_with(topics: Topics, act: Act = REDRIVE) -> list[list]:
    """What was sent, call by call; all of it is then on the topics."""
    calls = []

    async def send(messages):
        calls.append(list(messages))
        for message in messages:
            topics.add(message)

    await deal_with(selected(topics.letters(), act, "")[0], act, "r-1", send)
    return calls


def test_a_record_goes_to_its_topic_as_it_came_with_a_redrive_id_more(topics):
    record = topics.poison(3)
    sent = redriven(topics.letters()[0], REDRIVE, "r-1", NOW)
    assert (sent.topic, sent.key, sent.value) == (STARTS, record.key, record.value)
    assert tuple(sent.headers) == (*record.headers[:3], (REDRIVE_ID, b"r-1"))


def test_a_parked_step_gets_a_wish_on_its_own_topic_and_partition(topics):
    parked = topics.parked()
    sent = redriven(topics.letters()[0], REDRIVE, "r-1", NOW)
    event = read_operator_event(topics.add(sent), Reader())
    assert (event.name, event.data.step, event.data.requested_by) == (
        "RedriveRequested",
        "campaigns",
        "ana",
    )
    assert (sent.topic, sent.key) == (parked.topic, parked.key)
    assert (event.causation_id, event.context.saga_id) == ("parked-0", "saga-1")


async def test_marks_are_sent_after_what_they_tell_of_is_acknowledged(topics):
    topics.poison(3)
    topics.parked()
    sent, marks = await dealt_with(topics)
    assert [one.topic for one in sent] == [STARTS, "onboarding.campaigns.dlq"]
    assert [header_text(one.headers, "dlq_mark") for one in marks] == ["redriven"]
    assert count(topics) == (0, 0)


async def test_broken_off_before_the_marks_it_is_sent_again_and_never_lost(topics):
    topics.poison(3)
    with pytest.raises(OSError, match="away"):
        await deal_with(selected(topics.letters(), REDRIVE, "")[0], REDRIVE, "r-1", away_for_marks)
    assert count(topics) == (1, 0)


async def away_for_marks(messages) -> None:
    if any(header_text(one.headers, "dlq_mark") for one in messages):
        raise OSError("away")


@pytest.mark.parametrize(("sent_before", "code"), [(0, 1), (CHUNK, 3)])
async def test_broken_off_it_says_how_far_it_came_and_the_rest_waits(topics, sent_before, code):
    for offset in range(CHUNK + 20):
        topics.poison(offset)
    sent, told = [], []

    async def send(messages):
        starts = [one for one in messages if one.topic == STARTS]
        if len(sent) + len(starts) > sent_before:
            raise CliError("Kafka did not take it")
        sent.extend(starts)
        for one in messages:
            topics.add(one)

    chosen, _ = selected(topics.letters(), REDRIVE, "")
    with pytest.raises(CliError) as error:
        await in_chunks(chosen, REDRIVE, "r-1", send, told.append)
    assert told == ([CHUNK] if sent_before else [])
    line = broken_off(error.value, REDRIVE, sent_before, len(chosen))
    assert (line.exit_code, str(line)) == (
        code,
        f"{sent_before} of {CHUNK + 20} were redriven; again does the rest: Kafka did not take it",
    )
    assert count(topics) == (CHUNK + 20 - sent_before, 0)


async def test_a_record_that_two_services_could_not_read_is_sent_once_and_marked_twice(topics):
    topics.poison(3)
    topics.poison(3, "saga-state")
    act = Act("redriven", Which("registration"), "mended", "ana")
    sent, marks = await dealt_with(topics, act)
    assert (len(sent), len(marks)) == (1, 2)
    assert {one.topic for one in marks} == {
        "onboarding.registration.dlq",
        "onboarding.saga-state.dlq",
    }
    assert count(topics) == (0, 0)


async def test_it_is_discarded_for_the_services_named_only(topics):
    topics.poison(3)
    topics.poison(3, "saga-state")
    (marks,) = await dealt_with(topics, Act("discarded", Which("registration"), "no use", "ana"))
    assert [one.topic for one in marks] == ["onboarding.registration.dlq"]
    assert [one.now for one in topics.letters()] == ["discarded", "open"]


async def test_a_parked_step_can_be_discarded_too(topics):
    topics.parked()
    await dealt_with(topics, DISCARD)
    assert [one.now for one in topics.letters()] == ["discarded"]


def test_what_was_redriven_and_came_back_is_left_out_unless_again(topics):
    """The smallest loop: poison, redriven, poison again."""
    topics.poison(3, headers=((REDRIVE_ID, b"r-0"),))
    assert (count(topics), count(topics, AGAIN)) == ((0, 1), (1, 0))
    sent = redriven(topics.letters()[0], AGAIN, "r-1", NOW)
    assert [value for name, value in sent.headers if name == REDRIVE_ID] == [b"r-1"]
    assert count(topics, DISCARD) == (1, 0)


async def test_what_was_dealt_with_and_did_not_come_back_is_not_selected_again(topics):
    topics.poison(3)
    topics.poison(4)
    await dealt_with(topics, Act("redriven", Which(refs=(topics.letters()[0].id,)), "x", "ana"))
    assert (count(topics), count(topics, AGAIN)) == ((1, 0), (1, 0))
    await dealt_with(topics, DISCARD)
    assert (count(topics), count(topics, AGAIN)) == ((0, 0), (0, 0))


def test_what_was_not_copied_whole_or_is_of_no_topic_of_ours_is_left_out(topics):
    topics.poison(3, value=b"x" * 1_250_000)
    topics.poison(4, topic="somebody.elses")
    chosen, left = selected(topics.letters(), REDRIVE, "")
    assert chosen == []
    assert sorted(left.values()) == [1, 1]


def test_the_copy_of_a_parked_steps_record_is_never_sent(topics):
    topics.bug()
    assert count(topics) == (0, 0)


def test_the_hash_is_of_the_letters_whatever_their_order(topics):
    for offset in range(3):
        topics.poison(offset)
    chosen, _ = selected(topics.letters(), REDRIVE, "")
    assert hash_of(chosen) == hash_of(chosen[::-1])
    assert hash_of(chosen) != hash_of(chosen[1:])


def test_another_hash_than_the_one_agreed_to_does_nothing(topics):
    topics.poison(3)
    chosen, _ = selected(topics.letters(), REDRIVE, "")
    agreed = Order("redriven", Which(), "x", "ana", agreed=hash_of(chosen))
    assert _agree(agreed, chosen) is None
    topics.poison(4)
    more, _ = selected(topics.letters(), REDRIVE, "")
    with pytest.raises(CliError, match="now it is 2 letters") as error:
        _agree(agreed, more)
    assert error.value.exit_code == 1
    with pytest.raises(CliError, match=f"--yes {hash_of(more)}") as error:
        _agree(Order("redriven", Which(), "x", "ana"), more)
    assert error.value.exit_code == 2


def test_an_edited_letter_has_the_new_value_and_headers_and_keeps_the_rest(topics):
    record = topics.poison(3)
    letter = edited(topics.letters()[0], b'{"a": 1}', {"ce_type": "y"})
    sent = redriven(letter, REDRIVE, "r-1", NOW)
    assert (sent.key, sent.value) == (record.key, b'{"a": 1}')
    assert tuple(sent.headers) == (*record.headers[1:3], ("ce_type", b"y"), (REDRIVE_ID, b"r-1"))
    assert twins_of(letter, topics.letters()) == [letter]


def test_a_header_is_given_as_name_and_value():
    assert headers_given(["ce_type=a=b", "x="]) == {"ce_type": "a=b", "x": ""}
    for wrong in ("ce_type", "=x"):
        with pytest.raises(CliError, match="write NAME=VALUE"):
            headers_given([wrong])
