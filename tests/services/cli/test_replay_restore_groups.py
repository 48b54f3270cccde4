"""Before a restore: no log may lack what was said since then, and no service may run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from services.cli.errors import CliError
from services.cli.living import who_lives
from services.cli.replay.restore_groups import refuse_gaps
from services.runtime.kafka_places import Members
from services.runtime.watching import Offsets, Partition

TIME = datetime(2026, 3, 2, 10, tzinfo=UTC)
LOG = ("onboarding.contract-created", 0)


@dataclass
class Logs:
    """A log from `begin` to `end`, whose first record is `age` older than TIME, and `more` that are
    a day older. Asked for times it tells one, the oldest."""

    begin: int
    end: int
    age: timedelta = timedelta(0)
    more: int = 0

    @property
    def all(self) -> list[Partition]:
        return [LOG, *((LOG[0], number + 1) for number in range(self.more))]

    async def ends(self, _topics: Sequence[str]) -> Offsets:
        return dict.fromkeys(self.all, self.end)

    async def begins(self, _topics: Sequence[str]) -> Offsets:
        return dict.fromkeys(self.all, self.begin)

    async def times_at(self, places: Offsets) -> Mapping[Partition, int]:
        one = max(places)
        age = self.age if one == LOG else timedelta(days=1)
        return {one: round((TIME - age).timestamp() * 1000)}


class SilentLogs(Logs):
    async def times_at(self, _places: Offsets) -> Mapping[Partition, int]:
        return {}


async def looked(logs: Logs, first: int) -> None:
    await refuse_gaps(logs, [LOG[0]], dict.fromkeys(logs.all, first), TIME)


async def test_a_log_that_begins_later_than_that_time_is_refused():
    logs = Logs(begin=5, end=9, age=timedelta(hours=-1))
    with pytest.raises(CliError, match="created/0 keeps nothing from before 2026-03-02 11:00:00Z"):
        await looked(logs, first=5)


async def test_one_that_loses_records_while_it_is_asked_is_refused_too():
    with pytest.raises(CliError, match="some is gone"):
        await looked(Logs(begin=7, end=9, age=timedelta(hours=-1)), first=5)


@pytest.mark.parametrize(
    ("logs", "first"),
    [
        (Logs(begin=0, end=9), 0),  # it has all that was ever said
        (Logs(begin=5, end=9), 6),  # it has records from before
        (Logs(begin=5, end=9, age=timedelta(hours=1)), 5),
        (Logs(begin=9, end=9), 9),  # it is empty
    ],
)
async def test_one_that_has_all_since_then_is_not(logs, first):
    await looked(logs, first)


async def test_of_many_logs_whose_times_come_one_after_the_other_none_is_forgotten():
    logs = Logs(begin=5, end=9, age=timedelta(hours=-1), more=2)
    with pytest.raises(CliError, match="created/0 keeps nothing"):
        await looked(logs, first=5)


async def test_where_nobody_tells_the_time_nothing_is_taken_for_granted():
    with pytest.raises(CliError, match=r"Kafka does not tell how old .*created/0 is: try again"):
        await looked(SilentLogs(begin=5, end=9), first=5)


def test_a_group_lives_unless_it_is_known_to_be_empty():
    told = {
        "registration": Members("Stable", ("one at 10.0.0.1",)),
        "contract": Members("PreparingRebalance", None),
        "documents": Members("Empty", ()),
    }
    assert who_lives(told) == {"registration": ("one at 10.0.0.1",), "contract": ("somebody",)}
