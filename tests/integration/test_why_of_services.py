"""The causes that lie with services and servers, brought about on a real system: `why` names each
first, and what it says to do is done and helps.
"""

import signal
import uuid

import pytest
from pymongo import AsyncMongoClient

from tests.integration import starts
from tests.integration.asked_why import CALL_SECONDS, DONE, Asked, slow
from tests.integration.polling import until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.servers,
    pytest.mark.timeout(600),
]
LONG_SECONDS = CALL_SECONDS - 2  # a call that is out while the projection comes to its saga


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

    async def told() -> bool:
        unknown = await asked.onboarding("why", name)
        return unknown.code == 1 and "saga-state is not running" in " ".join(unknown.err.split())

    await until("that the projection does not run", told)
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
        await until("a rebalance", lambda: campaigns_shares(asked))
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
        assert "--bootstrap-server $ONBOARDING_KAFKA --describe --members" in answer["command"]
    await asked.running.stack.supervisor.stop("campaigns")  # the embedded broker ends no session
    await asked.running.stack.supervisor.start("campaigns")
    for one in names:
        await asked.until_status(one, *DONE)


async def test_a_service_that_cannot_reach_its_database_is_named(asked: Asked):
    name = await slow(asked, "documents", seconds=LONG_SECONDS)
    await asked.until_status(name, "CONTRACT_CREATED")
    asked.wire.cut()
    answer = await asked.until_why(name, "database_unreachable")
    assert (answer["service"], answer["sure"]) == ("documents", True)
    assert "replica set" in (await asked.do(answer["command"])).out  # which is reached from here
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
    name = await slow(asked, "documents", seconds=LONG_SECONDS)
    await asked.until_status(name, "CONTRACT_CREATED")
    asked.servers.supervisor.kill("kafka", signal.SIGSTOP)
    answer = await asked.until_why(name, "broker_unreachable")
    doctor = await asked.do(answer["command"])
    assert (doctor.code, "kafka" in doctor.err) == (1, True)
    asked.servers.supervisor.kill("kafka", signal.SIGCONT)
    await asked.until_status(name, *DONE)


async def campaigns_shares(asked: Asked) -> bool:
    """Whether some of its partitions went to somebody else."""
    async with AsyncMongoClient(asked.servers.mongo) as client:
        record = await client[f"{asked.running.prefix}onboarding_campaigns"].instances.find_one()
    return record is not None and 0 < len(record["partitions"]) < 20
