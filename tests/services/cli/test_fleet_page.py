"""The page of a list that is read saga by saga: the latest, in order, and little more in memory."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from services.cli.fleet import Page

T0 = datetime(2026, 3, 1, tzinfo=UTC)


def saga(number: int) -> dict:
    at = T0 + timedelta(seconds=number // 3)
    return {"_id": f"{number:05d}", "updated_at": at, "initiated_at": None}


@pytest.mark.parametrize("limit", [1, 7, 300])
def test_it_is_that_of_a_sorted_list_and_never_grows(limit):
    sagas, page = [saga(number) for number in range(200)], Page("updated_at", limit)
    for one in Random(3).sample([*sagas, *sagas[:50]], 250):
        page.add([one])
        assert len(page.sagas) <= 2 * limit + 1
    assert page.shown() == sagas[::-1][:limit]


def test_of_a_partner_the_latest_started_come_first_and_those_never_started_last():
    page = Page("initiated_at", 9)
    started = [{**saga(n), "initiated_at": T0 + timedelta(hours=-n)} for n in range(3)]
    page.add([saga(7), *started])
    assert [one["_id"] for one in page.shown()] == ["00000", "00001", "00002", "00007"]
