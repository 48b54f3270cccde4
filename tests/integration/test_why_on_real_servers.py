"""Each of the twelve causes, brought about on a real system: `why` names it first, and what it says
to do is done and helps."""

import json
import signal
import uuid
from collections.abc import AsyncIterator

import pytest
from pymongo import AsyncMongoClient

from services.evidence.asking import why_id
from services.evidence.sources import Sources
from services.runtime.settings import load_settings
from tests.deploy.sandbox import Sandbox
from tests.integration import starts
from tests.integration.asked_why import CALL_SECONDS, SETTINGS, Asked, asked_why
from tests.integration.polling import until
from tests.integration.with_platform import partner, platform_of, until_struck

pytestmark = [pytest.mark.slow, pytest.mark.servers, pytest.mark.timeout(300)]
DONE = ("COMPLETED",)


@pytest.fixture(scope="module")
async def system(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Asked]:
    broker = pytestconfig.getoption("--broker")
    async with asked_why(broker, tmp_path_factory.mktemp("why")) as asked:
        yield asked


@pytest.fixture
async def asked(system: Asked) -> AsyncIterator[Asked]:
    yield system
    await platform(system).heal()


def platform(asked: Asked) -> Sandbox:
    return platform_of(asked.running)


async def slow(asked: Asked, step: str, seconds: float) -> str:
    """A saga whose call to that step's outside system takes so long; it is out."""
    name = partner()
    await platform(asked).tell("slow", step=step, seconds=seconds, partner_id=name)
    told = await asked.start(partner_id=name)
    await until_struck(asked.running, 1)
    return told


async def test_a_saga_that_completed_is_well_and_an_unknown_id_is_a_clear_error(asked: Asked):
    name = await asked.start()
    await asked.until_status(name, *DONE)
    answer = await asked.why(name)
    assert (answer["cause"], answer["sure"]) == ("completed", True)
    assert (await asked.do(answer["command"])).code == 0
    nobody = await asked.onboarding("why", "nobody")
    assert nobody.code == 1
    assert "no saga, partner or correlation id 'nobody' in tenant 'default'" in nobody.err


async def test_a_service_that_is_not_running_is_named_and_started(asked: Asked):
    await asked.running.stack.supervisor.stop("documents")
    name = await asked.start()
    await asked.until_status(name, "CONTRACT_CREATED")
    answer = await asked.until_why(name, "service_not_running")
    assert answer["service"] == "documents"
    async with asked.process(answer["command"]):
        await asked.until_status(name, *DONE)
    await asked.running.stack.supervisor.start("documents")


async def test_the_projection_that_is_not_running_is_named_though_it_knows_nothing(asked: Asked):
    await asked.running.stack.supervisor.stop("saga_state")
    name = await asked.start()
    unknown = await asked.onboarding("why", name)
    assert unknown.code == 1
    assert "saga-state is not running" in " ".join(unknown.err.split())
    async with AsyncMongoClient(asked.servers.mongo) as client:
        steps = client[f"{asked.running.prefix}onboarding_recruitment"].steps

        async def done() -> str | None:
            found = await steps.find_one({"correlation_id": name, "state": "done"})
            return found["_id"] if found else None

        saga = await until("recruitment", done)
    answer = await asked.until_why(saga or "", "service_not_running")
    assert answer["service"] == "saga-state"
    async with asked.process(answer["command"]):
        await asked.until_status(name, *DONE)
    await asked.running.stack.supervisor.start("saga_state")


async def test_a_service_that_is_behind_is_named_with_an_estimate_and_helped_out(asked: Asked):
    asked.slow_file.touch()
    sent = [starts.start(f"queue-{uuid.uuid4().hex[:8]}") for _ in range(150)]
    await starts.send(asked.running.kafka, asked.running.start_topic, *sent)
    last = dict(sent[-1].headers)["ce_correlationid"].decode()
    await asked.until_status(last, "PARTNER_REGISTERED")
    answer = await asked.until_why(last, "service_behind")
    assert answer["service"] == "contract"
    async with asked.process("python -m services.contract"):
        asked.slow_file.unlink()
        await asked.until_status(last, *DONE)


async def test_a_partition_that_a_stranger_in_the_group_has_is_named(asked: Asked):
    async with asked.process("python -m tests.integration.stranger", ONBOARDING_LOG_LEVEL="ERROR"):
        names = [await asked.start() for _ in range(12)]

        async def stuck() -> list[str]:
            sagas = [await asked.running.sagas(correlation_id=name) for name in names]
            status = {
                name: found[0]["status"] for name, found in zip(names, sagas, strict=True) if found
            }
            done = [name for name, told in status.items() if told == "COMPLETED"]
            waits = [name for name, told in status.items() if told == "DOCUMENTS_VERIFIED"]
            return waits if len(done) + len(waits) == len(names) else []

        (name, *_) = await until("a saga that is stuck", stuck)
        answer = await asked.until_why(name, "partition_without_owner")
        assert answer["service"] == "campaigns"
        assert "kafka-consumer-groups.sh --describe --members" in answer["command"]
    for one in names:
        await asked.until_status(one, *DONE)


async def test_a_try_that_is_to_come_is_named_with_its_time(asked: Asked):
    name = partner()
    await platform(asked).tell("error", step="campaigns", partner_id=name, times=1)
    told = await asked.start(partner_id=name)
    answer = await asked.until_why(told, "waiting_for_retry")
    (retries,) = [one for one in answer["evidence"] if one["what"] == "retries"]
    assert (retries["attempts"], retries["last_answer"]) == (1, "HTTP 500")
    assert (await asked.do(answer["command"])).code == 0
    await asked.until_status(told, *DONE)


async def test_a_parked_step_is_named_and_redriven_and_the_fleet_is_grouped_by_it(asked: Asked):
    asked.bug_file.touch()
    names = [await asked.start(), await asked.start()]
    answers = [await asked.until_why(name, "parked") for name in names]
    fleet = await asked.onboarding("why", "--all", "-o", "json")
    (group,) = [one for one in fleet.json if one["cause"] == "parked"]
    assert (group["service"], group["count"], group["sure"]) == ("contract", 2, 2)
    assert group["command"].startswith("onboarding dlq redrive --service contract --class PARKED")
    asked.bug_file.unlink()
    for name, answer in zip(names, answers, strict=True):
        assert (await asked.redrive(answer["command"])).code == 0
        await asked.until_status(name, *DONE)


async def test_a_parked_undo_is_named_and_redriven(asked: Asked):
    name = partner()
    told = await asked.start(partner_id=name)
    await asked.until_status(told, *DONE)
    await platform(asked).tell("bug", step="campaigns", partner_id=name, method="DELETE")
    assert (await asked.onboarding("compensate", told, "--reason", "test")).code == 0
    answer = await asked.until_why(told, "undo_parked")
    assert "HTTP 418" in answer["sentence"]
    await platform(asked).heal()
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
    await platform(asked).heal()
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
    await platform(asked).tell("refuse", step="campaigns", partner_id=name)
    told = await asked.start(partner_id=name)
    await asked.until_status(told, "COMPENSATED")
    answer = await asked.until_why(told, "outside_system_refused")
    assert "CAMPAIGN_LIMIT_EXCEEDED" in answer["sentence"]
    (asked.folder / "partner.json").write_text(json.dumps(starts.partner_data()))
    assert (await asked.do(answer["command"])).code == 0


async def test_a_service_that_cannot_reach_its_database_is_named(asked: Asked):
    name = await slow(asked, "documents", seconds=2)
    await asked.until_status(name, "CONTRACT_CREATED")
    asked.wire.cut()
    answer = await asked.until_why(name, "database_unreachable")
    assert (answer["service"], answer["sure"]) == ("documents", True)
    asked.wire.mend()
    await asked.until_status(name, *DONE)


async def test_without_the_database_it_is_the_database_that_is_named(asked: Asked):
    name = await asked.start()
    await asked.until_status(name, *DONE)
    asked.servers.supervisor.kill("mongo", signal.SIGSTOP)
    answer = await asked.why(name)
    assert (answer["cause"], answer["status"]) == ("database_unreachable", "UNKNOWN")
    fleet = await asked.onboarding("why", "--all")
    assert (fleet.code, "does not answer" in fleet.err) == (1, True)
    asked.servers.supervisor.kill("mongo", signal.SIGCONT)

    async def back() -> bool:
        return (await asked.why(name)).get("cause") == "completed"

    await until("the database", back)


async def test_a_broker_that_does_not_answer_is_named(asked: Asked):
    """The call is answered while the broker is mute: what the step says waits in its outbox."""
    name = await slow(asked, "documents", seconds=3)
    await asked.until_status(name, "CONTRACT_CREATED")
    asked.servers.supervisor.kill("kafka", signal.SIGSTOP)
    answer = await asked.until_why(name, "broker_unreachable")
    doctor = await asked.do(answer["command"])
    assert (doctor.code, "kafka" in doctor.err) == (1, True)
    asked.servers.supervisor.kill("kafka", signal.SIGCONT)
    await asked.until_status(name, *DONE)


async def test_a_call_that_is_just_out_is_nothing_wrong(asked: Asked):
    """Asked in this process: the command line itself may take longer than the call."""
    name = await slow(asked, "documents", seconds=CALL_SECONDS / 2 - 1)
    answer = await in_this_process(asked, name)
    assert (answer["cause"], answer["sure"]) == ("waiting_for_deadline", True)
    asked.told["waiting_for_deadline"] = {
        "sentence": answer["sentence"], "command": answer["command"], "shown": "",
    }  # fmt: skip
    assert (await asked.do(answer["command"])).code == 0
    await asked.until_status(name, *DONE)


async def in_this_process(asked: Asked, name: str) -> dict:
    call = float(SETTINGS["ONBOARDING_CALL_TIMEOUT_SECONDS"])
    settings = load_settings(
        _env_file=None, kafka=asked.running.kafka, prefix=asked.running.prefix,
        call_timeout_seconds=call,
    )  # fmt: skip

    async def known() -> dict | None:
        async with AsyncMongoClient(asked.servers.mongo, tz_aware=True) as client:
            told = await why_id(Sources(settings, client), "default", name)
            body = told.answer.body if told else {}
            return body if body.get("status") == "CONTRACT_CREATED" else None

    return await until("the saga", known, pause=0.02) or {}


def test_the_twelve_causes_were_all_brought_about(system: Asked):
    from saga_state.why.cause import NAMES

    assert set(NAMES) <= set(system.told)
