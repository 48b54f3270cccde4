"""Journeys of hand-made messages through the real system, and the servers going away under them."""

import hashlib
import hmac
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pymongo import MongoClient

from deploy.local.readiness import kafka_is_ready
from deploy.local.stack import Options, running
from services.runtime.settings import load_settings
from services.runtime.topics import create_topics
from tests.chaos.verdict import differing, sagas_of
from tests.conftest import RealServers
from tests.integration import outside, starts
from tests.integration.outside import Reading
from tests.integration.polling import until, until_nothing
from tests.integration.system import System

FEW = 60
AWAY_SECONDS = 120


async def test_a_hand_made_start_of_three_headers_completes(shared: System):
    sent = starts.start(correlation_id="binary")
    (place,) = await starts.send(shared.kafka, shared.start_topic, sent)
    await shared.completed(1, correlation_id="binary", event_count=7)  # its end may be heard first
    saga = await shared.ended("binary")
    assert (saga["status"], saga["journey"], saga["journey_version"]) == (
        "COMPLETED", "partner-onboarding", 1,
    )  # fmt: skip
    assert [(step["step"], step["state"]) for step in saga["steps"]] == [
        (name, "done") for name in outside.STEPS
    ]
    assert [next(iter(step["result"].values()))[:3] for step in saga["steps"][1:]] == [
        "CT-", "DP-", "CA-", "WS-",
    ]  # fmt: skip
    assert saga["current_step"] is saga["failure"] is saga["compensation"] is None
    said = sagas_of(await shared.events())[saga["_id"]]
    assert {one.key for records in said.values() for one in records} == {
        saga["partner_id"].encode()
    }
    chain = [said[name][0] for name in ("PartnerRegistrationCompleted", "ContractCreated")]
    assert chain[0].header("ce_causationid") == dict(sent.headers)["ce_id"].decode()
    assert chain[1].header("ce_causationid") == chain[0].header("ce_id")
    with MongoClient(shared.stack.mongo) as client:
        kept = client[f"{shared.prefix}saga_state"].events.find_one(
            {"saga_id": saga["_id"], "type": "PartnerOnboardingInitiated"}
        )
    assert kept is not None
    assert (kept["topic"], kept["partition"], kept["offset"]) == place
    assert kept["data"] == json.loads(sent.value or b"")


async def test_a_structured_start_completes(shared: System):
    await starts.send(shared.kafka, shared.start_topic, starts.structured("structured"))
    assert (await shared.ended("structured"))["status"] == "COMPLETED"


async def test_partner_creation_ends_with_an_alliance(shared: System):
    data = starts.partner_data(direccion="123 Main Street")
    del data["tipo_partner"], data["preferred_contract_type"]
    sent = starts.start(correlation_id="creation").with_headers(ce_journey="partner-creation")
    sent = sent.with_value(json.dumps({"partner_data": data}).encode())
    await starts.send(shared.kafka, shared.start_topic, sent)
    saga = await shared.ended("creation")
    assert (saga["status"], saga["journey"]) == ("COMPLETED", "partner-creation")
    assert [step["step"] for step in saga["steps"]] == ["registration", "contract"]
    (created,) = sagas_of(await shared.events())[saga["_id"]]["ContractCreated"]
    assert created.body["contract"]["kind"] == "ALLIANCE"


async def test_a_no_is_said_with_its_code_and_asks_to_undo(shared: System):
    sent = starts.start(correlation_id="a-no", tipo_partner="INDIVIDUAL")
    await starts.send(shared.kafka, shared.start_topic, sent)

    async def both_said() -> bool:
        mine = [one for one in await shared.events() if one.header("ce_correlationid") == "a-no"]
        told = {one.type: one.body["code"] for one in mine if "code" in one.body}
        return told == dict.fromkeys(
            ("CompensationRequested", "PartnerOnboardingFailed"), "CONTRACT_TYPE_NOT_ALLOWED"
        )

    await until("failed and requested", both_said)


async def test_a_second_partner_of_an_address_is_a_no_whoever_is_first(shared: System):
    email = starts.fresh_email()
    two = [starts.start(correlation_id=f"twin-{n}", email=email) for n in range(2)]
    await starts.send(shared.kafka, shared.start_topic, *two)
    ended = [await shared.ended(f"twin-{n}") for n in range(2)]
    assert sorted(saga["status"] for saga in ended) == ["COMPLETED", "FAILED"]
    (failed,) = [saga for saga in ended if saga["failure"]]
    assert failed["failure"]["code"] == "DUPLICATE_PARTNER"


async def test_a_saga_is_found_by_e_mail_with_a_plain_client(shared: System):
    """As the README shows it: HMAC-SHA256 of the address in lower case, under ONBOARDING_HASH_KEY."""
    email = starts.fresh_email()
    sent = starts.start(correlation_id="by-mail", email=f" {email.upper()} ")
    await starts.send(shared.kafka, shared.start_topic, sent)
    saga = await shared.ended("by-mail")
    partner_hash = hmac.new(b"onboarding", email.encode(), hashlib.sha256).hexdigest()
    with MongoClient(shared.stack.mongo) as client:
        sagas = client[f"{shared.prefix}saga_state"].sagas
        found = list(sagas.find({"tenant_id": "default", "partner_hash": partner_hash}))
    assert [one["_id"] for one in found] == [saga["_id"]]
    assert email not in json.dumps(found, default=str).lower()


async def test_tenants_do_not_meet(shared: System):
    email = starts.fresh_email()
    for tenant in ("default", "acme"):
        sent = starts.start(correlation_id=f"of-{tenant}", email=email, event_id="same")
        await starts.send(shared.kafka, shared.start_topic, sent.with_headers(ce_tenantid=tenant))
    ended = [await shared.ended(f"of-{tenant}") for tenant in ("default", "acme")]
    assert [saga["status"] for saga in ended] == ["COMPLETED", "COMPLETED"]
    assert ended[0]["_id"] != ended[1]["_id"]


async def test_sagas_do_not_need_the_projection_and_it_catches_up(shared: System):
    await shared.stack.supervisor.stop("saga_state")
    try:
        sent = [starts.start(correlation_id=f"unseen-{n}") for n in range(FEW)]
        await starts.send(shared.kafka, shared.start_topic, *sent)
        await until_completed(shared, "unseen-", FEW)
        assert await shared.count(correlation_id={"$regex": "^unseen-"}) == 0
    finally:
        await shared.stack.supervisor.start("saga_state")
    await shared.completed(FEW, correlation_id={"$regex": "^unseen-"})


@pytest.fixture
async def of_its_own(real_servers: RealServers, tmp_path: Path) -> AsyncIterator[System]:
    """Servers that may be stopped."""

    async def prepare(kafka: str, mongo: str) -> None:
        await create_topics(load_settings(kafka=kafka, mongo=mongo, replication=1))

    env = {
        "ONBOARDING_KAFKA_SESSION_TIMEOUT_SECONDS": "6",
        "ONBOARDING_KAFKA_HEARTBEAT_SECONDS": "1",
    }
    options = Options(tmp_path / "state", broker=real_servers.broker, env=env)
    async with running(options, prepare, lambda *_: None) as stack:
        yield System(stack, "")


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("how", ["killed", "stopped for a while"])
async def test_an_outage_of_the_database_loses_nothing(of_its_own: System, how: str):
    supervisor = of_its_own.stack.supervisor
    await send_some(of_its_own, "before")
    if how == "killed":
        supervisor.kill("mongo", signal.SIGKILL)
        await send_some(of_its_own, "after")
        await supervisor.wait_ready("mongo")
    else:
        await supervisor.stop("mongo")
        await send_some(of_its_own, "after")
        await until_it_waits_for_mongo(of_its_own)
        await supervisor.start("mongo")
    await all_complete_once(of_its_own)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_an_outage_of_the_broker_loses_nothing(of_its_own: System, real_servers: RealServers):
    """Apache Kafka is killed. The embedded broker has its topics in memory: it only stands still."""
    supervisor = of_its_own.stack.supervisor
    await send_some(of_its_own, "before")
    if real_servers.broker == "apache":
        supervisor.kill("kafka", signal.SIGKILL)
        await supervisor.wait_ready("kafka")
    else:
        supervisor.kill("kafka", signal.SIGSTOP)
        await questions_to_kafka_time_out(of_its_own)
        supervisor.kill("kafka", signal.SIGCONT)
    await send_some(of_its_own, "after")
    await all_complete_once(of_its_own)


async def send_some(system: System, name: str) -> None:
    sent = [starts.start(correlation_id=f"{name}-{n}") for n in range(FEW)]
    await starts.send(system.kafka, system.start_topic, *sent)


async def all_complete_once(system: System) -> None:
    """Those sent before and after; told from the topics, then from the projection."""
    for name in ("before-", "after-"):
        await until_completed(system, name, FEW)
    await system.completed(2 * FEW, AWAY_SECONDS)
    sagas = sagas_of(await system.events())
    assert len(sagas) == 2 * FEW
    assert [differing(said) for said in sagas.values()] == [[]] * (2 * FEW)


async def until_completed(system: System, name: str, count: int) -> None:
    """Wait until as many correlation ids that begin so have a completion on its topic."""
    topic = f"{system.prefix}onboarding.partner-onboarding-completed"
    async with Reading(system.kafka, [topic]) as reading:

        async def missing() -> set[str]:
            await reading.more()
            seen = {one.header("ce_correlationid") for one in reading.seen}
            return {f"{name}{number}" for number in range(count)} - seen

        await until_nothing("not completed", missing, AWAY_SECONDS)


async def until_it_waits_for_mongo(system: System) -> None:
    """Wait until registration says on /readyz that it is not ready, and why."""

    async def waits() -> bool:
        status, body = await system.readyz("registration")
        return status == 503 and "mongo" in body["waiting_for"]

    await until("waiting for mongo", waits)


async def questions_to_kafka_time_out(system: System) -> None:
    """For longer than a session lasts, so that the groups have lost their members."""
    for _ in range(4):
        assert not await kafka_is_ready(system.kafka)
