"""Acts that go on by themselves: one of a tenant at a time, the latest are known."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from services.gateway.dashboard import progress
from services.gateway.dashboard.progress import Deed, Deeds, Tell
from services.gateway.problems import Conflict

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def deed(number: int, tenant: str = "acme") -> Deed:
    return Deed(f"d-{number}", tenant, "redriven", "mended", "ana", 2, NOW)


def begin(deeds: Deeds, one: Deed, work: Callable[[Tell], Awaitable[None]]) -> None:
    deeds.reserve(one, deeds.begun(one.tenant_id))
    deeds.begin(one, work)


async def nothing(tell: Tell) -> None:
    tell(2)


async def test_while_one_is_under_way_another_of_the_tenant_is_refused():
    deeds, go_on = Deeds(), asyncio.Event()

    async def slow(tell: Tell) -> None:
        tell(1)
        await go_on.wait()

    first = deed(1)
    begin(deeds, first, slow)
    await asyncio.sleep(0)
    with pytest.raises(Conflict, match="1 of 2 are redriven"):
        deeds.reserve(deed(2), deeds.begun("acme"))
    deeds.reserve(deed(3, "other"), deeds.begun("other"))
    go_on.set()
    await deeds.all_ended()
    assert (first.has_ended, first.wrong) == (True, "")
    deeds.reserve(deed(4), deeds.begun("acme"))


async def test_what_was_read_before_another_act_began_is_not_acted_on():
    deeds = Deeds()
    begun = deeds.begun("acme")
    begin(deeds, deed(1), nothing)
    await deeds.all_ended()
    with pytest.raises(Conflict, match="look again"):
        deeds.reserve(deed(2), begun)


async def test_the_latest_are_known_and_no_more(monkeypatch):
    monkeypatch.setattr(progress, "MOST", 3)
    deeds = Deeds()
    for number in range(5):
        begin(deeds, deed(number), nothing)
        await deeds.all_ended()
    known = [number for number in range(5) if deeds.find("acme", f"d-{number}")]
    assert known == [2, 3, 4]
    assert deeds.find("other", "d-4") is None


async def test_of_less_than_may_be_known_none_is_forgotten():
    """Sixty, of a hundred: a slice that ended below zero took the first ones."""
    deeds = Deeds()
    for number in range(60):
        begin(deeds, deed(number), nothing)
        await deeds.all_ended()
    assert all(deeds.find("acme", f"d-{number}") for number in range(60))


async def test_one_that_breaks_off_says_so_without_the_text_of_the_error():
    deeds, one = Deeds(), deed(1)

    async def broken(tell: Tell) -> None:
        tell(1)
        raise ValueError("ana@secret.example")

    begin(deeds, one, broken)
    await deeds.all_ended()
    assert (one.done, one.wrong) == (1, "it broke off (ValueError)")
