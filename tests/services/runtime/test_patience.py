"""Waiting for a server: transient errors are tried again, all others are raised, vitals know."""

import asyncio

import pytest

from services.runtime.patience import CAP_SECONDS, patiently, pause_seconds
from services.runtime.signs import watch_servers
from services.runtime.vitals import Vitals


class Server:
    """Fails as often as it is told, then answers; it notes what the vitals said at each call."""

    def __init__(self, vitals: Vitals, *errors: Exception) -> None:
        self.vitals, self.errors, self.waited = vitals, list(errors), []

    async def __call__(self) -> str:
        self.waited.append(dict(self.vitals.waiting_for))
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


def transient(error: BaseException) -> bool:
    return isinstance(error, ConnectionError)


async def called(call) -> None:
    await patiently("mongo", Vitals(), call, transient)


async def looked_at(call) -> None:
    await watch_servers(Vitals(), {"mongo": call}, pause_seconds=0)


async def test_transient_errors_are_tried_again_until_it_answers():
    vitals = Vitals()
    server = Server(vitals, ConnectionError(), ConnectionResetError())
    assert await patiently("kafka", vitals, server, transient) == "answer"
    assert len(server.waited) == 3


async def test_vitals_tell_what_is_waited_for_and_when_it_is_back():
    vitals = Vitals(joined=True)
    server = Server(vitals, ConnectionError(), ConnectionResetError())
    await patiently("kafka", vitals, server, transient)
    assert server.waited == [{}, {"kafka": "ConnectionError"}, {"kafka": "ConnectionResetError"}]
    assert vitals.waiting_for == {}
    assert vitals.ready


async def test_another_error_is_raised_at_once_as_it_is():
    vitals = Vitals()
    wrong = ValueError("not a matter of time")
    server = Server(vitals, ConnectionError(), wrong)
    with pytest.raises(ValueError, match="matter of time") as raised:
        await patiently("mongo", vitals, server, transient)
    assert raised.value is wrong
    assert len(server.waited) == 2


async def test_waiting_counts_as_progress_of_the_batch():
    vitals = Vitals(progress_at={"take-0": -1_000.0})
    await patiently("mongo", vitals, Server(vitals, ConnectionError()), transient)
    assert vitals.progress_at["take-0"] > 0


async def test_waiting_without_a_batch_is_no_progress_of_one():
    vitals = Vitals()
    await patiently("mongo", vitals, Server(vitals, ConnectionError()), transient)
    assert vitals.progress_at == {}


@pytest.mark.parametrize("attempt", [1, 2, 3, 6, 7, 10_000])
def test_pauses_double_up_to_a_cap_and_no_two_workers_agree_on_them(attempt):
    least, most = pause_seconds(attempt, lambda: 0.0), pause_seconds(attempt, lambda: 1.0)
    assert most == min(CAP_SECONDS, 0.1 * 2 ** min(attempt, 20))
    assert 0 < least == most / 2


@pytest.mark.parametrize("call_again", [called, looked_at])
async def test_whoever_is_told_to_end_ends_although_a_library_kept_it_to_itself(call_again):
    asked = asyncio.Queue[None]()

    async def swallows() -> str:
        asked.put_nowait(None)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ConnectionError from None
        raise AssertionError

    waiting = asyncio.create_task(call_again(swallows))
    await asked.get()
    waiting.cancel()
    done, _ = await asyncio.wait({waiting}, timeout=5)
    assert done, "it asked again"
    assert waiting.cancelled()
