"""What a person does, by the command line, on a real system: redrive, edit, undo, resolve."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import RealServers
from tests.integration import starts
from tests.integration.operators import Operated, lines, operated
from tests.integration.polling import until
from tests.integration.ran import Ran

STEPS = ["registration", "contract", "documents", "campaigns", "recruitment"]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
async def system(
    real_servers: RealServers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Operated]:
    folder = tmp_path_factory.mktemp("operator")
    prefix = f"{folder.parent.name[-8:]}-operator-".lower()
    async with operated(real_servers, prefix, folder) as running:
        yield running


async def listed(system: Operated, *arguments: str) -> list[tuple[str, str, int]]:
    return lines((await system.onboarding("dlq", "list", "-o", "json", *arguments)).json)


async def until_listed(system: Operated, *arguments: str) -> list[tuple[str, str, int]]:
    async def some() -> list[tuple[str, str, int]]:
        return await listed(system, *arguments)

    return await until(f"letters {arguments}", some)


async def redrive(system: Operated, *arguments: str) -> Ran:
    """As a person does: look first, then agree to what was shown."""
    looked = await system.onboarding("dlq", "redrive", *arguments, "--dry-run", "-o", "json")
    assert looked.code == 0, looked.err
    told = ("--reason", "mended", "--by", "ana", "--yes", looked.json["hash"], "-o", "json")
    return await system.onboarding("dlq", "redrive", *arguments, *told)


def states(saga: dict) -> list[str]:
    return [step["state"] for step in saga["steps"]]


async def test_a_bug_parks_a_saga_it_is_listed_and_a_redrive_completes_it(system: Operated):
    system.bug_file.touch()
    await system.start("a-bug")
    saga = await system.until_step("a-bug", "contract", "parked")
    assert saga["steps"][1]["parked"]["where"].startswith("ValueError at buggy_contract.py:")
    assert await listed(system) == [("contract", "PARKED", 1)]

    still = await redrive(system, "--service", "contract")
    assert (still.code, still.json["done"], still.json["parked_steps"]) == (0, 1, 1)

    async def parked_again() -> bool:
        step = (await system.saga("a-bug"))["steps"][1]
        return step["state"] == "parked" and step["attempts"] == 2

    await until("parked again", parked_again)
    system.bug_file.unlink()
    unknown = await system.onboarding("dlq", "redrive", "--id", "nope", "--dry-run")
    assert (unknown.code, "no letter nope" in looked_at(unknown)) == (1, True)
    nobody = await system.onboarding("dlq", "list", "--saga", "nope")
    assert (nobody.code, "no saga, partner or correlation id" in looked_at(nobody)) == (1, True)
    done = await redrive(system, "--saga", "a-bug")
    assert (done.code, done.err) == (0, "")
    saga = await system.until_status("a-bug", "COMPLETED")
    asked = saga["steps"][1]["parked"]
    assert (asked["asked"], asked["asked_by"], asked["asked_reason"]) == (
        "redrive",
        "ana",
        "mended",
    )
    assert await listed(system) == []
    every = await system.onboarding("dlq", "list", "--all", "-o", "json")
    assert ("contract", "PARKED", 2) in lines(every.json)


async def test_poison_is_shown_masked_mended_and_sent_and_then_completes(system: Operated):
    good = starts.start("poison", nombre="Secret Partner")
    await starts.send(system.running.kafka, system.running.start_topic, good.with_value(b"{oops"))
    found = await until_listed(system, "--class", "INVALID_JSON", "--service", "registration")
    assert found == [("registration", "INVALID_JSON", 1)]

    async def of_both() -> bool:
        return len(await listed(system, "--class", "INVALID_JSON")) == 2

    await until("letters of both hearers", of_both)
    each = await system.onboarding(
        "dlq", "list", "--each", "--service", "registration", "-o", "json"
    )
    letter = each.json[0]["id"]

    shown = await system.onboarding("dlq", "show", each.json[0]["place"], "-o", "json")
    assert shown.json["value"] == "(5 bytes that are not JSON)"
    file = system.bug_file.parent / "value.json"
    place = each.json[0]["place"]
    assert (await system.onboarding("dlq", "edit", place, "--to", str(file))).code == 0
    assert file.read_bytes() == b"{oops"
    sending = ("dlq", "edit", place, "--from", str(file), "--reason", "half a body")
    refused = await system.onboarding(*sending)
    assert (refused.code, "it would be set aside again: INVALID_JSON" in refused.err) == (1, True)
    file.write_bytes(good.value or b"")
    sent = await system.onboarding(*sending, "-o", "json")
    assert (sent.code, sent.json["sent"]) == (0, True), sent.err
    twice = await system.onboarding(*sending)
    assert (twice.code, "was redriven by" in looked_at(twice)) == (1, True)
    assert (await system.onboarding(*sending, "--again")).code == 0
    saga = await system.until_status("poison", "COMPLETED")
    assert saga["_id"] == sent.json["saga_id"]
    assert await listed(system) == [], letter  # for saga-state too: it was sent to all its hearers


@pytest.mark.long
async def test_what_comes_back_is_left_out_until_it_is_asked_for_and_can_be_discarded(
    system: Operated,
):
    await starts.send(
        system.running.kafka, system.running.start_topic, starts.start("x").with_value(b"[1]")
    )
    only = ("--class", "INVALID_JSON")

    async def of_both() -> bool:
        return len(await listed(system, *only)) == 2

    await until("letters of registration and saga-state", of_both)
    assert (await redrive(system, *only)).json["count"] == 1
    await until("both again", of_both)
    looped = await system.onboarding("dlq", "redrive", *only, "--dry-run")
    assert looped.code == 1
    assert "redriven before, and came back" in looked_at(looped)
    looked = await system.onboarding("dlq", "discard", *only, "--dry-run", "-o", "json")
    wrong = await system.onboarding("dlq", "discard", *only, "--reason", "junk", "--yes", "0")
    assert (wrong.code, "nothing was done" in wrong.err) == (1, True)
    agreed = ("--reason", "junk", "--yes", looked.json["hash"])
    assert (await system.onboarding("dlq", "discard", *only, *agreed)).code == 0
    assert await listed(system) == []


def looked_at(ran: Ran) -> str:
    return " ".join(ran.err.split())


async def test_a_completed_saga_is_undone_in_reverse_order_and_only_once(system: Operated):
    await system.start("offboarded")
    saga = await system.until_status("offboarded", "COMPLETED")
    why = ("--reason", "The partner has left.", "--by", "ana")
    dry = await system.onboarding("compensate", "offboarded", *why, "--dry-run", "-o", "json")
    assert (dry.code, dry.json["sent"]) == (0, False)
    asked = await system.onboarding("compensate", "offboarded", *why, "-o", "json")
    assert (asked.code, asked.json["saga_id"], asked.json["failed_step"]) == (0, saga["_id"], None)
    saga = await system.until_status("offboarded", "COMPENSATED")
    assert states(saga) == ["undone"] * 5
    assert saga["compensation"]["requested_by"] == "ana"
    assert saga["compensation"]["reason"] == "The partner has left."
    ks = [
        one for one in await system.running.events()
        if one.type == "CompensationCompleted" and one.header("ce_sagaid") == saga["_id"]
    ]  # fmt: skip
    in_order = sorted(
        ks, key=lambda one: (one.partition, one.offset)
    )  # of one key: of one partition
    assert [json.loads(one.value or b"")["step"] for one in in_order] == STEPS[::-1]
    again = await system.onboarding("compensate", saga["_id"], *why)
    assert (again.code, "is COMPENSATED: there is nothing to undo" in looked_at(again)) == (1, True)


@pytest.mark.long
async def test_a_saga_that_is_half_undone_is_resolved_by_hand_or_redriven(system: Operated):
    why = ("--reason", "ticket 4711", "--by", "eva")
    system.platform.refuses = True
    for name in ("by-hand", "redriven"):
        await system.start(name)
        await system.until_status(name, "COMPLETED")
        assert (await system.onboarding("compensate", name, *why)).code == 0
    early = await system.onboarding("resolve", "by-hand", "--step", "contract", *why)
    assert (early.code, "is not parked" in looked_at(early)) == (1, True)
    for name in ("by-hand", "redriven"):
        saga = await system.until_step(name, "documents", "undo_parked")
        assert (saga["status"], saga["half_undone"]) == ("COMPENSATING", True)
    assert await listed(system) == [("documents", "UNDO_PARKED", 2)]

    system.platform.refuses = False
    resolved = await system.onboarding("resolve", "by-hand", "--step", "documents", *why)
    assert resolved.code == 0, resolved.err
    saga = await system.until_status("by-hand", "COMPENSATED")
    assert states(saga) == ["undone", "undone", "resolved_by_operator", "undone", "undone"]
    assert (saga["half_undone"], saga["steps"][2]["parked"]["asked_by"]) == (False, "eva")
    assert (await redrive(system, "--class", "UNDO_PARKED")).json["count"] == 1
    saga = await system.until_status("redriven", "COMPENSATED")
    assert states(saga) == ["undone"] * 5
    assert await listed(system) == []


def test_nothing_personal_stands_in_the_logs(system: Operated):
    logs = [
        path.read_text() for path in Path(system.bug_file.parent).rglob("log*") if path.is_file()
    ]
    assert logs
    assert not any("secret of a partner" in text for text in logs)
