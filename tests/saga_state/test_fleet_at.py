"""`list --at` on a real mongod: the whole fleet as of any moment is that which an eye-witness saw."""

from collections.abc import Sequence

import pytest
from saga_given import NOW, Voices, at, hash_of, told

from contracts.envelope import Event
from saga_state.document import Saga, comparable
from saga_state.projector import project
from saga_state.queries import Wanted, is_wanted, order_of_list
from services.cli.fleet import listed_at

pytestmark = pytest.mark.servers
TENANT = "default"
TIMES = [-1, 0, 0.5, 1.5, 2, 4.999, 5, 10, 20.5, 21, 30, 61, 99]
WANTED = {
    "everything": Wanted(),
    "status": Wanted(status="COMPENSATING"),
    "step": Wanted(step="documents"),
    "journey": Wanted(journey="partner-creation"),
    "failure": Wanted(failure_code="NO"),
    "partner": Wanted(partner_hash=hash_of("ana.maria@example.com")),
    "updated": Wanted(updated_from=at(2), updated_until=at(21)),
}


def histories() -> list[list[Event]]:
    """Sagas of two tenants, begun at other seconds, that ended in every way or did not."""
    found = []
    for n in range(40):
        v = Voices(number=str(n), tenant=("default", "other")[n % 5 == 4],
                   journey=("partner-onboarding", "partner-creation")[n % 7 == 6])  # fmt: skip
        events = v.whole_way()[: n % 8 + 1] if n % 3 else v.undone_from(v.steps[n % 2])
        if n % 4 == 1:
            events.append(v.asked(None, 60 + n % 3))
        found.append(events[1:] if n == 10 else events)
    return found


@pytest.fixture
async def fleet(mongo):
    sagas = histories()
    for events in sagas:
        await project(events, mongo, hash_of, NOW)
    return mongo, sagas


def witnessed(sagas: Sequence[list[Event]], wanted: Wanted, seconds: float) -> list[Saga]:
    """What was there to be seen at that second, made by hand."""
    heard = [[one for one in events if one.time <= at(seconds)] for events in sagas]
    then = [told(*events) for events in heard if events]
    order = order_of_list(wanted)
    found = [one for one in then if one["tenant_id"] == TENANT and is_wanted(wanted, one)]
    return sorted(found, key=lambda one: (one[order] or at(-99), one["_id"]), reverse=True)


@pytest.mark.parametrize("wanted", WANTED.values(), ids=WANTED)
async def test_it_is_as_it_was_at_any_moment(fleet, wanted: Wanted) -> None:
    store, sagas = fleet
    found = []
    for seconds in TIMES:
        listed = await listed_at(store, TENANT, wanted, at(seconds), 1000)
        expected = witnessed(sagas, wanted, seconds)
        assert [seen(one) for one in listed] == [seen(one) for one in expected], seconds
        found += listed
    assert found


@pytest.mark.parametrize("limit", [1, 5])
async def test_a_page_has_the_latest_of_that_time(fleet, limit: int) -> None:
    store, sagas = fleet
    for seconds in TIMES:
        listed = await listed_at(store, TENANT, Wanted(), at(seconds), limit)
        expected = witnessed(sagas, Wanted(), seconds)[:limit]
        assert [one["_id"] for one in listed] == [one["_id"] for one in expected], seconds


async def test_the_first_start_of_a_tenant_is_told(fleet) -> None:
    store, _ = fleet
    assert await store.first_start(TENANT) == at(0)
    assert await store.first_start("nobody") is None


def seen(saga: Saga) -> dict:
    """All that is documented; what is kept to tell it from is more by now."""
    return {name: value for name, value in comparable(saga).items() if name != "sides"}
