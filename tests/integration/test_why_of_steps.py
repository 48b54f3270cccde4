"""The causes that lie with a step and its outside system, brought about on a real system: `why`
names each first, and what it says to do is done and helps.
"""

import json
import re
import uuid
from typing import Any

import pytest

from saga_state.why.answer import Answer
from tests.integration import starts
from tests.integration.asked_why import (
    CALL_SECONDS,
    DONE,
    Asked,
    as_shown,
    in_this_process,
    slow,
)
from tests.integration.polling import until
from tests.integration.with_platform import partner

pytestmark = [
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.servers,
    pytest.mark.timeout(600),
]


async def test_a_saga_that_completed_is_well_and_an_unknown_id_is_a_clear_error(asked: Asked):
    name = await asked.start()
    await asked.until_status(name, *DONE)
    answer = await asked.until_why(name, "completed")
    assert answer["sure"]
    assert (await asked.do(answer["command"])).code == 0
    nobody = await asked.onboarding("why", "nobody")
    assert nobody.code == 1
    assert "no saga, partner or correlation id 'nobody' in tenant 'default'" in nobody.err


async def test_a_try_that_is_to_come_is_named_with_its_time(asked: Asked):
    name = partner()
    await asked.platform.tell("error", step="campaigns", partner_id=name)
    told = await asked.start(partner_id=name)

    async def waits() -> Answer | None:
        """Two commands, one after the other, may come after the last try that is one of a few."""
        one = await in_this_process(asked, told, "DOCUMENTS_VERIFIED")
        return one if one.cause.name == "waiting_for_retry" else None

    found = await until("a try that is to come", waits)
    assert found is not None
    answer = found.body
    asked.note("waiting_for_retry", answer, as_shown(found))
    await asked.platform.heal()
    (retries,) = [one for one in answer["evidence"] if one["what"] == "retries"]
    assert retries["attempts"] >= 1
    assert retries["last_answer"] == "HTTP 500"
    assert (await asked.do(answer["command"])).code == 0
    await asked.until_status(told, *DONE)


async def test_a_parked_step_is_named_and_redriven_and_the_fleet_is_grouped_by_it(asked: Asked):
    asked.bug_file.touch()
    names = [await asked.start(), await asked.start()]
    answers = [await asked.until_why(name, "parked") for name in names]

    async def by_cause() -> list[dict[str, Any]]:
        fleet = await asked.onboarding("why", "--all", "-o", "json")
        return [one for one in fleet.json if one["cause"] == "parked" and one["count"] == 2]

    (group,) = await until("a group of two", by_cause)
    assert (group["service"], group["sure"]) == ("contract", 2)
    assert group["command"].startswith("onboarding dlq redrive --service contract --class PARKED")
    shown = await asked.onboarding("why", "--all")
    assert re.search(r"under way: 2 stuck, \d+ with nothing wrong", shown.err)
    asked.told["all"] = {"shown": f"{shown.out}{shown.err}"}
    asked.bug_file.unlink()
    for name, answer in zip(names, answers, strict=True):
        assert (await asked.redrive(answer["command"])).code == 0
        await asked.until_status(name, *DONE)


async def test_a_parked_undo_is_named_and_redriven(asked: Asked):
    name = partner()
    told = await asked.start(partner_id=name)
    await asked.until_status(told, *DONE)
    await asked.platform.tell("bug", step="campaigns", partner_id=name, method="DELETE")
    assert (await asked.onboarding("compensate", told, "--reason", "test")).code == 0
    answer = await asked.until_why(told, "undo_parked")
    assert "HTTP 418" in answer["sentence"]
    await asked.platform.heal()
    assert (await asked.redrive(answer["command"])).code == 0
    await asked.until_status(told, "COMPENSATED")


async def test_an_event_that_its_hearer_cannot_read_is_named_and_redriven(asked: Asked):
    """A worker whose settings know fewer tenants than those of the others."""
    await asked.running.stack.supervisor.stop("documents")
    async with asked.process("python -m services.documents", ONBOARDING_TENANTS="default"):
        told = await asked.start(tenant="acme")
        answer = await asked.until_why(told, "poison", "--tenant", "acme")
        assert "TENANT_UNKNOWN" in answer["sentence"]
    await asked.running.stack.supervisor.start("documents")
    assert (await asked.redrive(answer["command"])).code == 0
    await asked.until_status(told, *DONE)


async def test_a_start_that_nobody_could_read_is_found_by_its_correlation_id(asked: Asked):
    good = starts.start(f"poison-{uuid.uuid4().hex[:8]}")
    name = dict(good.headers)["ce_correlationid"].decode()
    await starts.send(asked.running.kafka, asked.running.start_topic, good.with_value(b"{oops"))
    answer = await asked.until_why(name, "poison")
    assert "no saga came of it" in answer["sentence"]
    file = asked.folder / "value.json"
    assert (await asked.do(answer["command"])).code == 0
    file.write_bytes(good.value or b"")
    letter = answer["command"].split()[3]
    sent = await asked.onboarding("dlq", "edit", letter, "--from", str(file), "--reason", "mended")
    assert sent.code == 0, sent.err
    file.unlink()
    await asked.until_status(name, *DONE)


async def test_an_outside_system_that_is_slow_is_named(asked: Asked):
    name = await slow(asked, "documents", seconds=60)
    answer = await asked.until_why(name, "outside_system_slow_or_down")
    assert answer["service"] == "documents"
    await asked.platform.heal()
    assert (await asked.do(answer["command"])).code == 0
    await asked.until_status(name, *DONE)


async def test_an_outside_system_that_is_gone_is_named_for_sure(asked: Asked):
    await asked.running.stack.supervisor.stop("platform")
    name = await asked.start()
    answer = await asked.until_why(name, "outside_system_slow_or_down")
    assert (answer["sure"], "takes no connection" in answer["sentence"]) == (True, True)
    await asked.running.stack.supervisor.start("platform")
    assert (await asked.do(answer["command"])).code == 0
    await asked.until_status(name, *DONE)


async def test_an_outside_system_that_refused_is_named_and_a_new_start_completes(asked: Asked):
    name = partner()
    await asked.platform.tell("refuse", step="campaigns", partner_id=name)
    told = await asked.start(partner_id=name)
    await asked.until_status(told, "COMPENSATED")
    answer = await asked.until_why(told, "outside_system_refused")
    assert "CAMPAIGN_LIMIT_EXCEEDED" in answer["sentence"]
    (asked.folder / "partner.json").write_text(json.dumps(starts.partner_data()))
    assert (await asked.do(answer["command"])).code == 0


async def test_a_call_that_is_just_out_is_nothing_wrong(asked: Asked):
    """Asked in this process: the command line itself may take longer than the call."""
    name = await slow(asked, "documents", seconds=CALL_SECONDS - 1)
    answer = await in_this_process(asked, name)
    assert (answer.cause.name, answer.sure) == ("waiting_for_deadline", True)
    asked.note("waiting_for_deadline", answer.body, as_shown(answer))
    assert (await asked.do(answer.cause.command)).code == 0
    await asked.until_status(name, *DONE)
