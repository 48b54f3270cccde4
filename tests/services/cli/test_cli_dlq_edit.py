"""`onboarding dlq edit`: what it says, and which letters it does not send."""

import shlex

import pytest
from letters_given import Topics

from services.cli.dlq_edit import check_waits, command_for
from services.cli.errors import CliError
from services.letters.letter import Marked, mark_of


@pytest.fixture
def topics() -> Topics:
    made = Topics()
    made.poison(3)
    return made


def marked(topics: Topics, what: Marked) -> None:
    made = mark_of(topics.letters()[0], what, "r-1", "ticket 1", "ana", "2026-03-02T10:00:00Z")
    topics.add(made)


@pytest.mark.parametrize("what", ["redriven", "discarded"])
def test_what_was_dealt_with_is_sent_only_when_asked_for_again(topics, what):
    check_waits(topics.letters()[0], again=False)
    marked(topics, what)
    (letter,) = topics.letters()
    line = rf"{letter.id} was {what} by ana at 2026-03-02T10:00:00Z \(ticket 1\); nothing was sent"
    with pytest.raises(CliError, match=line) as error:
        check_waits(letter, again=False)
    assert error.value.exit_code == 1
    check_waits(letter, again=True)


def test_the_command_that_is_told_can_be_run_as_it_is(topics, onboarding, bare, tmp_path):
    file = tmp_path / "a value.json"
    file.touch()
    for _ in range(2):
        name, *arguments = shlex.split(command_for(topics.letters()[0], file))
        ended = onboarding(*arguments)
        assert (name, ended.error.partition(":")[2]) == (
            "onboarding",
            " no stack runs in .onboarding: start one with `onboarding up`, or name it with "
            "--data DIR, or set ONBOARDING_KAFKA and ONBOARDING_MONGO",
        )
        marked(topics, "redriven")
    assert "--again" in arguments


def test_a_file_that_is_not_there_is_wrong_usage(onboarding, bare):
    ended = onboarding("dlq", "edit", "x", "--from", "/nope.json", "--reason", "y")
    assert (ended.code, ended.error) == (
        2,
        "onboarding: --from /nope.json: No such file or directory",
    )
