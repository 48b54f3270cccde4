"""The faults of the sandbox platform: what each does, whom it strikes, and how often."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.platform_faults import MOST_FAULTS, SYSTEMS
from services.steps import all_steps
from tests.deploy.sandbox import Sandbox, sandbox_here

MANY = 200


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with sandbox_here(tmp_path / "log.jsonl") as one:
        yield one


async def test_a_500_does_nothing(sandbox: Sandbox):
    await sandbox.tell("error", times=1)
    assert [(await sandbox.put("s-1")).status_code for _ in range(2)] == [500, 200]
    assert sandbox.done("documents", "s-1") == ["created"]


async def test_an_answer_that_is_neither_yes_nor_no_does_nothing(sandbox: Sandbox):
    await sandbox.tell("bug", times=1)
    answers = [await sandbox.put("s-1") for _ in range(2)]
    assert [one.status_code for one in answers] == [418, 200]
    assert answers[0].headers["content-type"].startswith("text/plain")
    assert sandbox.done("documents", "s-1") == ["created"]


async def test_a_lost_answer_is_lost_after_the_work(sandbox: Sandbox):
    await sandbox.tell("lose", times=1)
    with pytest.raises(httpx.TransportError):
        await sandbox.put("s-1")
    assert (await sandbox.put("s-1")).status_code == 200
    assert sandbox.done("documents", "s-1") == ["created", "repeated"]


async def test_the_answer_of_an_undo_can_be_lost_too(sandbox: Sandbox):
    await sandbox.put("s-1")
    await sandbox.tell("lose", times=1, partner_id="p-1")
    with pytest.raises(httpx.TransportError):
        await sandbox.delete("s-1")
    assert (await sandbox.delete("s-1")).status_code == 204
    assert sandbox.done("documents", "s-1") == ["created", "removed"]


async def test_a_slow_call_does_its_work_although_its_caller_has_gone(sandbox: Sandbox):
    await sandbox.tell("slow", seconds=2, times=1)
    with pytest.raises(httpx.ReadTimeout):
        await sandbox.call(
            "PUT", "/documents/s-1", {"partner_id": "p-1"},
            headers={"Idempotency-Key": "s-1:documents:do"}, extensions={"timeout": {"read": 0.05}},
        )  # fmt: skip
    assert sandbox.effects() == []
    async with asyncio.timeout(10):
        while not sandbox.effects():
            await asyncio.sleep(0.02)


async def test_a_call_that_lands_after_its_undo_is_refused(sandbox: Sandbox):
    await sandbox.tell("slow", seconds=2, method="PUT")
    late = asyncio.create_task(sandbox.put("s-1"))
    async with asyncio.timeout(10):
        while (await sandbox.told())[0]["struck"] == 0:
            await asyncio.sleep(0.01)
    await sandbox.delete("s-1")
    assert (await late).status_code == 410
    assert sandbox.done("documents", "s-1") == ["blocked", "refused"]


async def test_keys_can_be_ignored_as_a_control_run_of_the_checks(sandbox: Sandbox):
    await sandbox.tell("ignore_keys")
    for _ in range(2):
        await sandbox.put("s-1")
    await sandbox.delete("s-1")
    await sandbox.put("s-1")
    assert sandbox.done("documents", "s-1") == ["created", "created", "removed", "created"]


@pytest.mark.parametrize(
    ("whom", "struck"),
    [
        ({}, 8),
        ({"step": "campaigns"}, 4),
        ({"partner_id": "p-1"}, 4),
        ({"saga_id": "s-2"}, 4),
        ({"step": "campaigns", "partner_id": "p-1"}, 2),
        ({"step": "campaigns", "saga_id": "s-1", "partner_id": "p-2"}, 0),
        ({"method": "PUT"}, 4),
        ({"method": "DELETE", "partner_id": "p-2"}, 2),
    ],
)
async def test_a_fault_strikes_whom_it_names(sandbox: Sandbox, whom: dict[str, str], struck: int):
    """s-1 is of p-1, s-2 of p-2, each at two steps, done and undone."""
    await sandbox.tell("slow", seconds=0, **whom)
    for step in ("documents", "campaigns"):
        for number in (1, 2):
            await sandbox.put(f"s-{number}", step=step, partner_id=f"p-{number}")
            await sandbox.delete(f"s-{number}", step=step)
    assert (await sandbox.told())[0]["struck"] == struck


async def test_an_undo_of_an_unknown_partner_is_of_no_partner(sandbox: Sandbox):
    await sandbox.tell("error", partner_id="p-1")
    assert (await sandbox.delete("s-1")).status_code == 204


async def test_looking_is_never_struck(sandbox: Sandbox):
    await sandbox.tell("error")
    assert (await sandbox.get("s-1")).status_code == 404
    assert (await sandbox.call("GET", "/livez")).status_code == 200


async def test_a_fault_that_cannot_strike_an_undo_does_not_use_up_its_times(sandbox: Sandbox):
    await sandbox.tell("refuse", times=1)
    await sandbox.delete("s-1")
    assert (await sandbox.put("s-2")).status_code == 422


async def test_a_share_is_drawn_from_the_seed(sandbox: Sandbox):
    statuses: list[list[int]] = []
    for seed in (7, 7, 8):
        await sandbox.heal()
        await sandbox.tell("error", share=0.3, seed=seed)
        answers = [await sandbox.put(f"{len(statuses)}-{number}") for number in range(MANY)]
        statuses.append([one.status_code for one in answers])
    assert statuses[0] == statuses[1] != statuses[2]
    assert 0.15 * MANY < statuses[0].count(500) < 0.45 * MANY


@pytest.mark.parametrize(("share", "status"), [(0, 200), (1, 500)])
async def test_none_and_all_are_shares_too(sandbox: Sandbox, share: float, status: int):
    await sandbox.tell("error", share=share)
    assert {(await sandbox.put(f"s-{number}")).status_code for number in range(20)} == {status}


async def test_faults_add_up(sandbox: Sandbox):
    await sandbox.tell("slow", seconds=0.05)
    await sandbox.tell("slow", seconds=0.05)
    await sandbox.tell("refuse")
    began = asyncio.get_running_loop().time()
    assert (await sandbox.put("s-1")).status_code == 422
    assert asyncio.get_running_loop().time() - began >= 0.1


async def test_faults_are_shown_as_they_were_told_and_ended(sandbox: Sandbox):
    await sandbox.tell("error", step="campaigns", times=2)
    await sandbox.put("s-1", step="campaigns")
    (shown,) = await sandbox.told()
    assert {"fault": "error", "step": "campaigns", "times": 2, "struck": 1}.items() <= shown.items()
    await sandbox.heal()
    assert await sandbox.told() == []


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ({}, "fault"),
        ({"fault": "burn"}, "fault"),
        ({"fault": "slow", "seconds": -1}, "seconds"),
        ({"fault": "slow", "seconds": "5"}, "seconds"),
        ({"fault": "slow", "seconds": 1e9}, "seconds"),
        ({"fault": "error", "step": "contract"}, "step"),
        ({"fault": "error", "share": 1.5}, "share"),
        ({"fault": "error", "times": 0}, "times"),
        ({"fault": "error", "times": True}, "times"),
        ({"fault": "error", "method": "GET"}, "method"),
        ({"fault": "error", "partner_id": ""}, "partner_id"),
        ({"fault": "error", "partner": "p-1"}, "partner"),
        ([{"fault": "error"}], "JSON object"),
    ],
)
async def test_a_wrong_fault_is_a_problem_that_names_its_place(
    sandbox: Sandbox, content: Any, place: str
):
    answer = await sandbox.call("POST", "/faults", content)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert place in answer.json()["detail"]
    assert await sandbox.told() == []


async def test_faults_are_bounded(sandbox: Sandbox):
    for _ in range(MOST_FAULTS):
        await sandbox.tell("slow")
    assert (await sandbox.call("POST", "/faults", {"fault": "slow"})).status_code == 400


def test_it_has_every_step_that_has_an_outside_system():
    assert {step.name for step in all_steps() if step.outside_no} == set(SYSTEMS)
