"""The one clock: what the database says, and from then on the time that really passes."""

from datetime import UTC, datetime, timedelta

from runtime_given import T0

from services.runtime.clock import DatabaseClock


class Passed:
    """A monotonic clock."""

    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_it_shows_the_databases_time_and_goes_on_with_what_passes():
    passed = Passed()
    clock = DatabaseClock(passed)
    clock.set(T0)
    assert clock() == T0
    passed.seconds += 2.0005
    assert clock() == T0 + timedelta(seconds=2)


def test_a_jump_of_this_machines_clock_moves_nothing():
    """It is asked once, before the database has been."""
    passed = Passed()
    clock = DatabaseClock(passed)
    assert abs(clock() - datetime.now(UTC)) < timedelta(minutes=1)
    clock.set(T0 - timedelta(days=365))
    assert clock() == T0 - timedelta(days=365)


def test_a_jump_of_the_databases_clock_is_followed_either_way():
    clock = DatabaseClock(Passed())
    for days in (1, -2, 3):
        clock.set(T0 + timedelta(days=days))
        assert clock() == T0 + timedelta(days=days)
