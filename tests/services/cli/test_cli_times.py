"""Times and durations as people write and read them."""

from datetime import UTC, datetime, timedelta

import pytest

from services.cli.errors import CliError
from services.cli.times import duration, parse_past, parse_since

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("90s", NOW - timedelta(seconds=90)),
        ("15m", NOW - timedelta(minutes=15)),
        ("2h", NOW - timedelta(hours=2)),
        ("7d", NOW - timedelta(days=7)),
        ("2w", NOW - timedelta(weeks=2)),
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T10:00:00+02:00", datetime(2026, 3, 1, 8, tzinfo=UTC)),
        ("2026-03-01T10:00:00Z", datetime(2026, 3, 1, 10, tzinfo=UTC)),
    ],
)
def test_since_is_an_age_or_a_time(text, time):
    assert parse_since(text, NOW) == time


@pytest.mark.parametrize("text", ["", "yesterday", "5", "-3h", "1.5h", "9999999d"])
def test_any_other_since_is_refused_with_an_example(text):
    with pytest.raises(CliError, match="give 90s, 15m") as refused:
        parse_since(text, NOW)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("text", ["999999d", "999999w"])
def test_an_age_before_all_time_is_refused_too(text):
    with pytest.raises(CliError):
        parse_since(text, NOW)


def test_a_moment_that_is_yet_to_come_is_refused_with_the_time_it_is_now():
    assert parse_past("--at", "2026-03-02T09:30Z", NOW) == NOW
    with pytest.raises(CliError, match="--at 2026-03-03: that is yet to come; it is 2026-03-02 09"):
        parse_past("--at", "2026-03-03", NOW)
    with pytest.raises(CliError, match="--between soon: give 90s"):
        parse_past("--between", "soon", NOW)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_no_calendar_has_in_utc_is_refused(text):
    with pytest.raises(CliError, match="give 90s"):
        parse_since(text, NOW)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (None, "-"),
        (0, "0 ms"),
        (999, "999 ms"),
        (1250, "1.25 s"),
        (200_000, "3 min 20 s"),
        (18_180_000, "5 h 3 min"),
    ],
)
def test_a_duration_is_told_in_the_unit_that_reads_best(milliseconds, text):
    assert duration(milliseconds) == text
