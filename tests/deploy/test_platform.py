"""The sandbox platform: its contract, as a step and a person meet it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.platform_calls import BODY_BYTES
from tests.deploy.sandbox import PARTNER, Sandbox, sandbox_here

PROBLEM = "application/problem+json"
LINE = {"what", "step", "saga", "key", "partner_id", "status", "time"}


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with sandbox_here(tmp_path / "log.jsonl") as one:
        yield one


async def test_a_put_creates_and_again_answers_the_same(sandbox: Sandbox):
    answers = [await sandbox.put("s-1") for _ in range(3)]
    assert {one.status_code for one in answers} == {200}
    assert len({one.text for one in answers}) == 1
    assert sandbox.done("documents", "s-1") == ["created", "repeated", "repeated"]


async def test_a_line_of_the_log_tells_all_of_a_call(sandbox: Sandbox):
    await sandbox.put("s-1", step="campaigns")
    (line,) = sandbox.effects()
    assert set(line) == LINE
    assert line == {
        "what": "created", "step": "campaigns", "saga": "s-1", "key": "s-1:campaigns:do",
        "partner_id": PARTNER, "status": 200, "time": "2026-03-01T00:00:00.000+00:00",
    }  # fmt: skip


async def test_a_no_is_final_and_has_a_problem_body(sandbox: Sandbox):
    await sandbox.tell("refuse", partner_id=PARTNER)
    first = await sandbox.put("s-1")
    await sandbox.heal()
    again = await sandbox.put("s-1")
    assert (first.status_code, first.text) == (again.status_code, again.text)
    assert (first.status_code, first.headers["content-type"]) == (422, PROBLEM)
    assert first.json()["status"] == 422
    assert sandbox.done("documents", "s-1") == ["refused", "repeated"]


async def test_a_yes_is_final_too(sandbox: Sandbox):
    await sandbox.put("s-1")
    await sandbox.tell("refuse")
    assert (await sandbox.put("s-1")).status_code == 200


async def test_a_delete_removes_what_was_created_once(sandbox: Sandbox):
    await sandbox.put("s-1")
    assert [(await sandbox.delete("s-1")).status_code for _ in range(2)] == [204, 204]
    assert sandbox.done("documents", "s-1") == ["created", "removed"]


@pytest.mark.parametrize("before", ["nothing", "created", "refused"])
async def test_a_put_after_a_delete_is_gone_whatever_was_before(sandbox: Sandbox, before: str):
    if before == "refused":
        await sandbox.tell("refuse")
    if before != "nothing":
        await sandbox.put("s-1")
    assert (await sandbox.delete("s-1")).status_code == 204
    late = await sandbox.put("s-1")
    assert (late.status_code, late.headers["content-type"]) == (410, PROBLEM)
    assert (await sandbox.delete("s-1")).status_code == 204
    assert sandbox.done("documents", "s-1")[-2:] == [
        "removed" if before == "created" else "blocked", "refused",
    ]  # fmt: skip
    assert sandbox.counted("created").total() == (before == "created")


async def test_a_get_tells_what_became_of_it(sandbox: Sandbox):
    assert (await sandbox.get("s-1")).status_code == 404
    await sandbox.put("s-1")
    assert (await sandbox.get("s-1")).json()["state"] == "created"
    await sandbox.put("s-1")
    assert (await sandbox.get("s-1")).json()["state"] == "created"
    await sandbox.delete("s-1")
    assert (await sandbox.get("s-1")).json()["state"] == "removed"
    await sandbox.put("s-1")
    assert (await sandbox.get("s-1")).json()["state"] == "removed"
    await sandbox.delete("s-2")
    assert (await sandbox.get("s-2")).json()["state"] == "blocked"
    await sandbox.tell("refuse")
    await sandbox.put("s-3")
    assert (await sandbox.get("s-3")).json()["state"] == "refused"


async def test_steps_and_sagas_do_not_meet(sandbox: Sandbox):
    await sandbox.delete("s-1", step="documents")
    assert (await sandbox.put("s-1", step="campaigns")).status_code == 200
    assert (await sandbox.put("s-2", step="documents")).status_code == 200


async def test_calls_of_one_saga_at_once_have_one_effect(sandbox: Sandbox):
    await asyncio.gather(*(sandbox.put("s-1") for _ in range(20)))
    assert sorted(sandbox.done("documents", "s-1")) == ["created", *["repeated"] * 19]


async def test_livez_answers(sandbox: Sandbox):
    assert (await sandbox.call("GET", "/livez")).json() == {"status": "pass"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "not JSON"),
        (b"", "not JSON"),
        (b"[" * BODY_BYTES, "not JSON"),
        (b'{"partner_id": NaN}', "not JSON"),
        (b"[]", "must be a JSON object"),
        (b"{}", "partner_id"),
        (b'{"partner_id": ""}', "partner_id"),
        (b'{"partner_id": 5}', "partner_id"),
    ],
)
async def test_a_wrong_body_is_a_problem_and_no_effect(sandbox: Sandbox, body: bytes, said: str):
    answer = await sandbox.call("PUT", "/documents/s-1", key="s-1:documents:do", content=body)
    assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM)
    assert said in answer.json()["detail"]
    assert sandbox.effects() == []


@pytest.mark.parametrize("key", [None, "", "s-2:documents:do", "s-1:documents:undo"])
async def test_a_wrong_key_is_a_problem_and_no_effect(sandbox: Sandbox, key: str | None):
    answer = await sandbox.call("PUT", "/documents/s-1", {"partner_id": PARTNER}, key)
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["detail"]
    assert sandbox.effects() == []


async def test_too_large_a_body_is_refused_before_it_is_read(sandbox: Sandbox):
    body = {"partner_id": PARTNER, "more": "x" * BODY_BYTES}
    answer = await sandbox.call("PUT", "/documents/s-1", body, "s-1:documents:do")
    assert answer.status_code == 413
    assert sandbox.effects() == []


@pytest.mark.parametrize(
    "path",
    ["/", "/documents", "/documents/", "/contract/s-1", "/documents/a%20b", "/documents/a%0A"],
)
async def test_a_wrong_address_is_404_and_no_business_no(sandbox: Sandbox, path: str):
    answer = await sandbox.call("PUT", path, {"partner_id": PARTNER}, "s-1:documents:do")
    assert answer.status_code == 404
    assert answer.headers["content-type"] != PROBLEM


@pytest.mark.parametrize("given", [None, "Bearer wrong", "key", "Bearer \x80"])
async def test_with_a_key_all_but_livez_ask_for_it(tmp_path: Path, given: str | None):
    headers = {"Authorization": given.encode("latin-1")} if given else {}
    async with sandbox_here(tmp_path / "log", api_key="key") as one:
        for method, path in (("PUT", "/documents/s-1"), ("GET", "/faults"), ("GET", "/nothing")):
            answer = await one.call(method, path, headers=headers)
            assert answer.status_code == 401
            assert answer.headers["content-type"] != PROBLEM
        assert (await one.call("GET", "/livez")).status_code == 200
