"""Letters: what is on the dead letter topics, and what became of it, told from the topics alone."""

import json

import pytest
from letters_given import NOW, SECRET, STARTS, Topics

from contracts.operator import ResolveRequested
from contracts.reading import Reader
from services.cli.dlq import facts_of
from services.cli.errors import CliError
from services.cli.letters_wanted import the_one
from services.letters.chosen import Which
from services.letters.groups import groups
from services.letters.letter import letters_in, mark_of, with_sagas


@pytest.fixture
def topics() -> Topics:
    return Topics()


def states(topics: Topics) -> list[str]:
    return [one.now for one in topics.letters()]


def marked(topics: Topics, what: str, letter: int = 0) -> None:
    mark = mark_of(topics.letters()[letter], what, "r-1", "because", "ana", "2026-03-02T10:00:00Z")
    topics.add(mark)


def test_a_dead_letter_is_told_with_its_coordinates_and_its_headers_as_they_came(topics):
    record = topics.poison(7, headers=(("dlq_id", b"of its own"), ("ce_id", b"1")))
    (letter,) = topics.letters()
    assert (letter.service, letter.error_class, letter.now) == (
        "registration",
        "UNKNOWN_TYPE",
        "open",
    )
    assert letter.place == "onboarding.registration.dlq/0/0"
    assert letter.came_from == f"{STARTS}/2/7"
    assert letter.headers == record.headers[:2]
    assert letter.at.timestamp() == 1_772_445_600.007


def test_a_letter_that_was_written_twice_is_one(topics):
    topics.poison(7)
    topics.poison(7)
    topics.poison(8)
    assert len(topics.letters()) == 2


def test_marks_tell_what_was_dealt_with_and_nothing_is_deleted(topics):
    for offset in range(3):
        topics.poison(offset)
    marked(topics, "redriven", 0)
    marked(topics, "discarded", 1)
    assert states(topics) == ["redriven", "discarded", "open"]
    assert topics.letters()[1].mark["dlq_reason"] == "because"


def test_a_record_that_came_with_the_headers_of_a_mark_is_a_letter_all_the_same(topics):
    topics.poison(0, headers=(("dlq_mark", b"discarded"), ("dlq_id", b"1")))
    assert states(topics) == ["open"]


def test_a_parked_step_waits_until_a_person_asks_and_the_copy_of_its_record_is_no_letter(topics):
    topics.bug()
    topics.parked()
    assert [(one.error_class, one.now) for one in topics.letters()] == [
        ("BUG", "copy"),
        ("PARKED", "open"),
    ]
    topics.wish()
    assert states(topics) == ["copy", "redriven"]
    topics.parked(1)
    assert states(topics) == ["copy", "redriven", "open"]


@pytest.mark.parametrize(("state", "now"), [("parked", "open"), ("undo_parked", "resolved")])
def test_only_an_undo_is_resolved(topics, state, now):
    topics.parked(state=state)
    topics.wish(ResolveRequested)
    assert states(topics) == [now]


@pytest.mark.parametrize("whose", [{"saga": "saga-2"}, {"tenant": "acme"}])
def test_the_wish_for_another_saga_is_no_answer(topics, whose):
    topics.parked()
    topics.wish(**whose)
    assert states(topics) == ["open"]


@pytest.mark.parametrize(
    ("state", "at", "now"),
    [
        ("parked", NOW, "open"),
        ("undo_parked", NOW, "open"),
        ("timed_out", NOW, "over"),
        ("undone", NOW, "over"),
        ("waiting", None, "open"),
        ("waiting", NOW.replace(hour=9), "open"),
        ("parked", NOW.replace(hour=11), "over"),
    ],
)
def test_a_parking_is_over_when_the_projection_knows_that_the_saga_went_on(topics, state, at, now):
    topics.parked()
    known = {"at": at} if at else None
    sagas = {"saga-1": {"steps": [{"step": "campaigns", "state": state, "parked": known}]}}
    assert [one.now for one in with_sagas(topics.letters(), sagas)] == [now]
    assert [one.now for one in with_sagas(topics.letters(), {})] == ["open"]


def test_groups_count_by_service_and_class_the_largest_first(topics):
    topics.parked()
    for offset in (5, 3, 4):
        topics.poison(offset)
    topics.poison(3, "saga-state")
    rows = groups(topics.letters(), with_state=False)
    assert [(row["service"], row["class"], row["count"]) for row in rows] == [
        ("registration", "UNKNOWN_TYPE", 3),
        ("campaigns", "PARKED", 1),
        ("saga-state", "UNKNOWN_TYPE", 1),
    ]
    assert (rows[0]["newest"] - rows[0]["oldest"]).microseconds == 2000
    assert "state" in groups(topics.letters(), with_state=True)[0]


def test_a_letter_is_found_by_its_id_its_place_and_the_place_it_came_from(topics):
    topics.poison(3)
    topics.parked()
    letters = topics.letters()
    for ref in (letters[0].id, letters[0].place, letters[0].came_from):
        assert the_one(letters, ref) is letters[0]
    assert the_one(letters, "parked-0") is letters[1]
    with pytest.raises(CliError, match="no letter nothing"):
        the_one(letters, "nothing")


def test_of_the_letters_that_two_services_have_of_a_record_one_that_waits_is_meant(topics):
    topics.poison(3)
    topics.poison(3, "saga-state")
    marked(topics, "discarded", 0)
    letters = topics.letters()
    assert the_one(letters, letters[0].id) is letters[1]
    assert the_one(letters, letters[0].place) is letters[0]


def test_personal_data_is_masked_unless_it_is_to_be_revealed(topics):
    topics.poison(3)
    (letter,) = topics.letters()
    masked, whole = (json.dumps(facts_of(letter, reveal), default=str) for reveal in (False, True))
    for personal in (SECRET, "+34600000000"):
        assert personal not in masked
        assert personal in whole
    assert '\\"tipo_partner\\": \\"EMPRESA\\"' in masked
    assert '["2 more", "***"]' in masked
    assert "phone" not in masked


@pytest.mark.parametrize(
    "value", [b"Ana Secret", b'"Ana Secret"', b'["Ana Secret"]', None, b"\xff"]
)
def test_whatever_the_value_is_nothing_of_it_is_shown(topics, value):
    topics.poison(3, value=value)
    told = json.dumps(facts_of(topics.letters()[0], reveal=False), default=str)
    assert "Secret" not in told


def test_filters_name_service_class_saga_and_letters(topics):
    topics.poison(3)
    topics.parked()
    letters = topics.letters()
    wanted = [
        Which(),
        Which("campaigns"),
        Which(error_class="UNKNOWN_TYPE"),
        Which(sagas=("saga-1",)),
        Which(refs=(letters[0].id, "x")),
        Which("campaigns", "UNKNOWN_TYPE"),
    ]
    found = [[letters.index(one) for one in letters if which(one)] for which in wanted]
    assert found == [[0, 1], [1], [0], [1], [0], []]


def test_what_cannot_be_read_there_is_no_letter(topics):
    record = topics.poison(3)
    topics.records = [record.__class__(record.topic, 0, 0, None, b"{", (("a", b"b"),), 0)]
    assert letters_in(topics.records, Reader()) == []
