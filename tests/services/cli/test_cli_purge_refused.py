"""`onboarding purge` that is refused before any server is asked."""

import pytest

NOBODY = "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=200"


@pytest.fixture(autouse=True)
def of_nobody(bare, monkeypatch) -> None:
    monkeypatch.setenv("ONBOARDING_MONGO", NOBODY)


@pytest.mark.parametrize("age", ["36d", "1s", "887h"])
def test_what_is_younger_than_the_topics_is_refused(onboarding, age):
    ended = onboarding("purge", "--ended-before", age, "--dry-run")
    assert ended.code == 2
    assert "topics and dead letters keep records for 168 + 720 h" in ended.error
    assert "name a time before" in ended.error


@pytest.mark.parametrize("age", ["37d", "888h", "60d", "2020-01-01"])
def test_what_is_older_is_asked_for(onboarding, age):
    ended = onboarding("purge", "--ended-before", age, "--dry-run")
    assert (ended.code, "MongoDB at" in ended.error) == (1, True)


def test_the_settings_say_how_long_topics_keep(onboarding, monkeypatch):
    monkeypatch.setenv("ONBOARDING_RETENTION_HOURS", "24")
    monkeypatch.setenv("ONBOARDING_DEAD_LETTER_RETENTION_HOURS", "48")
    assert onboarding("purge", "--ended-before", "71h").code == 2
    assert onboarding("purge", "--ended-before", "72h").code == 1


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("purge", "Missing option '--ended-before'"),
        ("purge --ended-before soon", "--ended-before soon: give 90s"),
        ("purge --ended-before 60d --status PARKED", "--status PARKED: it is one of FAILED"),
        ("purge --ended-before 60d --with-steps", "give --status COMPLETED too"),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_line(onboarding, command, line):
    ended = onboarding(*command.split())
    assert (ended.code, ended.out) == (2, "")
    assert line in ended.error
