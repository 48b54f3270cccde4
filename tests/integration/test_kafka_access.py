"""Kafka under TLS, with a name and a password: who is let in, and what is said to who is not."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local import apache_install
from deploy.local.errors import Unavailable
from deploy.local.stack import Options, running
from services.runtime.kafka import KafkaLog
from services.runtime.settings import load_settings
from services.runtime.topics import create_topics
from services.runtime.vitals import Vitals
from tests.integration import starts
from tests.integration.secured_kafka import Secured, made_certificate, secured_kafka
from tests.integration.system import System

pytestmark = [pytest.mark.apache, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
async def secured(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Secured]:
    try:
        runtime = await apache_install.install(os.environ)
    except Unavailable as missing:
        pytest.skip(f"no Apache Kafka: {missing}")
    async with secured_kafka(tmp_path_factory.mktemp("secured"), runtime) as one:
        yield one


async def refused(secured: Secured, **changes: str) -> tuple[int | None, str]:
    """Exit code and standard error of a service that is started with these settings."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.registration",
        env={**os.environ, **secured.env, "ONBOARDING_MONGO": "mongodb://127.0.0.1:1", **changes},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, told = await asyncio.wait_for(process.communicate(), 60)
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode, told.decode()


async def test_a_saga_goes_its_whole_way_under_tls_with_a_password(
    secured: Secured, prefix: str, tmp_path: Path
):
    env = {**secured.env, "ONBOARDING_PREFIX": prefix}
    options = Options(tmp_path, broker=None, kafka=secured.address, env=env)

    def settings(mongo: str):
        told = {name.removeprefix("ONBOARDING_").lower(): text for name, text in env.items()}
        return load_settings(_env_file=None, **{**told, "mongo": mongo})

    async def prepare(_kafka: str, mongo: str) -> None:
        await create_topics(settings(mongo))

    async with running(options, prepare, lambda *_: None) as stack:
        system = System(stack, prefix)
        log = KafkaLog(settings(stack.mongo), Vitals())
        await log.start()
        sent = starts.start(correlation_id="secured")
        await log._producer.send_and_wait(
            system.start_topic, sent.value, sent.key, headers=list(sent.headers)
        )
        await log.stop()
        assert (await system.ended("secured"))["status"] == "COMPLETED"


async def test_a_wrong_password_is_one_line_and_exit_2(secured: Secured):
    code, told = await refused(secured, ONBOARDING_KAFKA_PASSWORD="guessed")
    assert code == 2
    assert told.startswith("ONBOARDING_KAFKA_USER, ONBOARDING_KAFKA_PASSWORD")
    assert f"the broker at {secured.address} refuses them" in told
    assert told.count("\n") == 1
    assert "guessed" not in told


async def test_an_authority_that_did_not_vouch_for_the_broker_is_one_line_and_exit_2(
    secured: Secured, tmp_path: Path
):
    other, _ = made_certificate(tmp_path)
    code, told = await refused(secured, ONBOARDING_KAFKA_CA_FILE=str(other))
    assert code == 2
    assert told.startswith("ONBOARDING_KAFKA_CA_FILE: the certificate of")
    assert told.count("\n") == 1
