"""Places on the topics: what a log does not have is said, and why."""

import pytest

from saga_state.building import Span
from services.cli.errors import CliError
from services.cli.replay.choosing import check_places, place_of

TOPIC = "onboarding.contract-created"


@pytest.mark.parametrize(
    ("begin", "end", "place", "why"),
    [
        (0, 0, "99", "is empty"),
        (7, 7, "3", "is empty"),
        (0, 5, "99", "ends at 4"),
        (7, 9, "3", "begins at 7: older ones have left"),
        (7, 9, "3-6", "begins at 7: older ones have left"),
    ],
)
def test_a_place_that_a_log_does_not_have_is_told_with_what_the_log_has(begin, end, place, why):
    with pytest.raises(CliError) as error:
        check_places([place_of(f"{TOPIC}/0/{place}")], [Span(TOPIC, 0, begin, end)])
    first = place.partition("-")[0]
    assert str(error.value) == f"--offset {TOPIC}/0/{first}: the log {why}"
    assert error.value.exit_code == 1


@pytest.mark.parametrize("place", ["7", "8", "3-7", "8-99"])
def test_a_place_of_which_a_log_has_a_part_is_taken(place):
    check_places([place_of(f"{TOPIC}/0/{place}")], [Span(TOPIC, 0, 7, 9)])


def test_a_log_that_there_is_not_is_a_mistake_of_who_asks():
    with pytest.raises(CliError, match="there is no such log") as error:
        check_places([place_of(f"{TOPIC}/1/0")], [Span(TOPIC, 0, 7, 9)])
    assert error.value.exit_code == 2
