"""The plan of `onboarding topics grow`: which topics, and in which steps; no servers."""

import pytest

from services.cli.errors import CliError
from services.cli.topics_grow import Growth, refuse, rows_of, smaller
from services.runtime.settings import load_settings
from services.runtime.topics import wanted_topics

SETTINGS = load_settings(_env_file=None)
NAMES = [topic.name for topic in wanted_topics(SETTINGS)]


def test_those_that_have_as_many_already_are_left_out():
    counts = dict.fromkeys(NAMES, 4) | {NAMES[0]: 6}
    assert smaller(counts, SETTINGS, 6) == NAMES[1:]
    assert smaller(dict.fromkeys(NAMES, 6), SETTINGS, 6) == []


def test_one_that_is_missing_is_named_with_what_makes_it():
    with pytest.raises(CliError, match=f"{NAMES[0]} is missing: onboarding topics create"):
        smaller(dict.fromkeys(NAMES[1:], 4), SETTINGS, 6)


def test_none_can_become_fewer():
    with pytest.raises(CliError, match="has 4, and Kafka takes none away") as refused:
        smaller(dict.fromkeys(NAMES, 4), SETTINGS, 3)
    assert refused.value.exit_code == 2


def test_who_must_be_stopped_stands_first_then_the_commands_in_order():
    plan = Growth(6, NAMES[:1], {"contract": ["somebody at 127.0.0.1"]}, under_way=3)
    assert [(row["step"], row["with"]) for row in rows_of(plan, "kafka:9092")] == [
        (1, ""),
        (2, "onboarding topics grow --partitions 6 --execute"),
        (
            2,
            f"kafka-topics.sh --bootstrap-server kafka:9092 --alter --topic {NAMES[0]} --partitions 6",
        ),
        (3, "ONBOARDING_PARTITIONS=6"),
        (4, "onboarding topics check"),
    ]
    assert rows_of(plan, "kafka:9092")[0]["what"] == "stop all services (SIGTERM): contract"


def test_nothing_is_done_while_somebody_lives_or_without_the_right():
    with pytest.raises(CliError, match="nothing was changed: contract must be stopped first"):
        refuse(Growth(6, NAMES, {"contract": ["somebody"]}, under_way=0))
    with pytest.raises(CliError, match="nothing was changed: --execute needs the right Alter"):
        refuse(Growth(6, NAMES, {}, under_way=0, may=False))
    refuse(Growth(6, NAMES, {}, under_way=0))
