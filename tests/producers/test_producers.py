"""Any producer: a start is three headers and a JSON body, whatever client sends it."""

import json
import os
import uuid
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from cloudevents.core.bindings.kafka import KafkaMessage, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from pymongo import AsyncMongoClient

from deploy.local import apache_install
from deploy.local.child import run
from tests.integration import starts
from tests.integration.polling import until
from tests.integration.system import System, system
from tests.own_servers import servers_or_skip

JAVA_PROGRAM = Path(__file__).with_name("StartOnboarding.java")


@pytest.mark.apache
@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_start_by_the_official_java_client_completes(prefix: str, tmp_path: Path):
    runtime = await apache_install.install(os.environ)
    event_id = uuid.uuid4().hex
    async with (
        servers_or_skip("apache", tmp_path / "servers") as servers,
        system(servers.kafka, servers.mongo, prefix, tmp_path / "services") as running,
    ):
        words = (running.kafka, running.start_topic, event_id, starts.fresh_email())
        program = (runtime.java, "-cp", f"{runtime.jars}/*", str(JAVA_PROGRAM), *words)
        code, output = await run(program, os.environ)
        assert code == 0, output
        assert f"{running.start_topic}/" in output
        await completed(running, "/producers/java", event_id)


async def test_a_start_by_aiokafka_completes(shared: System):
    """The lines of the README."""
    event_id = uuid.uuid4().hex
    async with AIOKafkaProducer(bootstrap_servers=shared.kafka) as producer:
        await producer.send_and_wait(
            shared.start_topic,
            json.dumps({"partner_data": starts.partner_data()}).encode(),
            headers=[
                ("ce_type", b"com.hexabuilders.onboarding.PartnerOnboardingInitiated.v1"),
                ("ce_id", event_id.encode()),
                ("ce_source", b"/producers/python"),
            ],
        )
    await completed(shared, "/producers/python", event_id)


@pytest.mark.parametrize(
    "mode", [to_binary_event, to_structured_event], ids=["binary", "structured"]
)
async def test_a_start_made_by_the_cloudevents_sdk_completes(shared: System, mode: Any):
    event_id = uuid.uuid4().hex
    attributes = {"id": event_id, "source": "/producers/sdk", "type": starts.STARTED}
    event = CloudEvent(
        attributes={**attributes, "datacontenttype": "application/json", "specversion": "1.0"},
        data={"partner_data": starts.partner_data()},
    )
    message: KafkaMessage = mode(event)
    async with AIOKafkaProducer(bootstrap_servers=shared.kafka) as producer:
        await producer.send_and_wait(
            shared.start_topic, message.value, headers=list(message.headers.items())
        )
    await completed(shared, "/producers/sdk", event_id)


async def completed(shared: System, source: str, event_id: str) -> None:
    """Wait until the saga of that start is COMPLETED."""
    async with AsyncMongoClient[dict[str, Any]](shared.stack.mongo) as client:
        database = client[f"{shared.prefix}saga_state"]

        async def is_completed() -> bool:
            start = await database.events.find_one({"source": source, "event_id": event_id})
            query = {"_id": start and start["saga_id"], "status": "COMPLETED"}
            return await database.sagas.find_one(query) is not None

        await until(f"the saga of {event_id}", is_completed)
