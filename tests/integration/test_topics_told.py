"""Topics that somebody deleted, cut short or made too small: what the commands say of them."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from tests.integration import ran
from tests.integration.polling import until
from tests.own_servers import servers_or_skip

pytestmark = [pytest.mark.apache, pytest.mark.slow, pytest.mark.timeout(300)]
DELETED, SMALL, SHORT = "documents-verified", "contract-created", "campaigns-enabled"


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    """Of a broker whose topics were made, but for one too small, then deleted and cut short."""
    async with servers_or_skip("apache", tmp_path / "servers") as stack:
        told = {"KAFKA": stack.kafka, "MONGO": stack.mongo, "REPLICATION": "1"}
        env = {f"ONBOARDING_{name}": text for name, text in told.items()}
        admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(f"onboarding.{SMALL}", 2, 1)])
            made = await ran.onboarding("topics", "create", env=env, folder=tmp_path)
            assert made.code == 0, made
            await admin.delete_topics([f"onboarding.{DELETED}"])
            topic = f"onboarding.{SHORT}"
            hour = {"retention.ms": "3600000"}
            await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, hour)])

            async def is_gone() -> bool:
                return f"onboarding.{DELETED}" not in await admin.list_topics()

            await until("a topic that is gone", is_gone)
        finally:
            await admin.close()
        yield env


async def test_each_is_named_with_the_command_that_mends_it(env: dict[str, str], tmp_path: Path):
    told = await ran.onboarding("topics", "check", "-o", "json", env=env, folder=tmp_path)
    assert told.code == 1
    found = {(one["topic"], one["problem"]): one["remedy"] for one in json.loads(told.out)}
    assert found[f"onboarding.{DELETED}", "is missing"] == "onboarding topics create"
    small = found[f"onboarding.{SMALL}", "has 2 partitions, the settings say 4"]
    assert small.endswith("onboarding topics grow --partitions 4")
    short = "keeps records for 1 h, the settings say 168 h (retention.ms)"
    remedy = f"--entity-name onboarding.{SHORT} --add-config retention.ms=604800000"
    assert found[f"onboarding.{SHORT}", short].endswith(remedy)

    doctor = await ran.onboarding("doctor", "-o", "json", env=env, folder=tmp_path)
    assert doctor.code == 1
    (topics,) = [one for one in json.loads(doctor.out) if one["what"] == "topics"]
    assert (topics["state"], topics["found"]) == ("fail", f"missing: onboarding.{DELETED}")

    made = await ran.onboarding("topics", "create", env=env, folder=tmp_path)
    assert made.out == f"made onboarding.{DELETED}\n"
    doctor = await ran.onboarding("doctor", "-o", "json", env=env, folder=tmp_path)
    (topics,) = [one for one in json.loads(doctor.out) if one["what"] == "topics"]
    assert topics["state"] == "warn"
    assert f"onboarding.{SMALL} has 2 partitions" in topics["found"]
