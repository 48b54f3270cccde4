"""Kafka under TLS, with a name and a password: who is let in, and what is said to who is not."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.stack import Options, running
from tests.certificates import made_certificate
from tests.integration import ran, starts
from tests.integration.polling import until_nothing
from tests.integration.ran import Ran
from tests.integration.secured_kafka import Secured, secured_kafka
from tests.own_servers import apache_or_skip

pytestmark = [pytest.mark.apache, pytest.mark.slow, pytest.mark.timeout(300)]
NO_MONGO = {"ONBOARDING_MONGO": "mongodb://127.0.0.1:1"}


@pytest.fixture(scope="module")
async def secured(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Secured]:
    runtime = await apache_or_skip()
    async with secured_kafka(tmp_path_factory.mktemp("secured"), runtime) as one:
        yield one


def is_one_line(told: Ran, beginning: str) -> None:
    assert told.code == 2
    assert told.err.removeprefix("onboarding: ").startswith(beginning)
    assert told.err.count("\n") == 1
    assert "guessed" not in told.out + told.err


async def test_a_saga_goes_its_whole_way_under_tls_with_a_password(
    secured: Secured, prefix: str, tmp_path: Path
):
    env = {**secured.env, "ONBOARDING_PREFIX": prefix}
    options = Options(tmp_path / "up", broker=None, kafka=secured.address, env=env)

    async def prepare(_kafka: str, _mongo: str) -> None:
        made = await ran.onboarding("topics", "create", env=env, folder=tmp_path)
        assert made.code == 0, made.err

    async with running(options, prepare, lambda *_: None) as stack:
        whole = {**env, "ONBOARDING_MONGO": stack.mongo}
        (tmp_path / "partner.json").write_text(json.dumps(starts.partner_data()))
        for command in (
            ("topics", "check"),
            ("start", "partner.json", "--correlation-id", "secured", "--wait"),
            ("status", "secured"),
            ("compensate", "secured", "--reason", "to see it undone"),
            ("dlq", "list"),
        ):
            told = await ran.onboarding(*command, env=whole, folder=tmp_path)
            assert told.code == 0, (command, told)

        async def amiss() -> str:
            told = await ran.onboarding("doctor", env=whole, folder=tmp_path)
            return f"{told.out}{told.err}" if told.code else ""

        await until_nothing("what the doctor finds", amiss, 60)  # a record may be late


@pytest.mark.parametrize(
    "wrong",
    [
        {"ONBOARDING_KAFKA_PASSWORD": "guessed"},
        {"ONBOARDING_KAFKA_USER": "somebody"},
        {"ONBOARDING_KAFKA_SASL_MECHANISM": "PLAIN"},
    ],
    ids=["password", "user", "mechanism"],
)
async def test_a_wrong_login_is_one_line_and_exit_2(
    secured: Secured, wrong: dict[str, str], tmp_path: Path
):
    env = {**secured.env, **NO_MONGO, **wrong}
    is_one_line(await ran.service("registration", env, tmp_path), "ONBOARDING_KAFKA_USER, ")
    for command in (("topics", "check"), ("dlq", "list"), ("start", "--nombre", "A")):
        told = await ran.onboarding(*command, env=env, folder=tmp_path)
        is_one_line(told, "ONBOARDING_KAFKA_USER, ")


async def test_an_authority_that_did_not_vouch_for_the_broker_is_one_line_and_exit_2(
    secured: Secured, tmp_path: Path
):
    other = made_certificate(tmp_path / "other").alone
    env = {**secured.env, **NO_MONGO, "ONBOARDING_KAFKA_CA_FILE": str(other)}
    line = f"ONBOARDING_KAFKA_CA_FILE: the certificate of {secured.address} is not trusted"
    is_one_line(await ran.service("registration", env, tmp_path), line)
    told = await ran.onboarding("topics", "check", env=env, folder=tmp_path)
    is_one_line(told, line)


async def test_the_doctor_names_the_setting_that_is_wrong(secured: Secured, tmp_path: Path):
    env = {**secured.env, **NO_MONGO, "ONBOARDING_KAFKA_PASSWORD": "guessed"}
    told = await ran.onboarding("doctor", "-o", "json", env=env, folder=tmp_path)
    (kafka,) = [one for one in json.loads(told.out) if one["what"] == "kafka"]
    assert kafka["state"] == "fail"
    assert kafka["found"].startswith("ONBOARDING_KAFKA_USER, ")
    assert "guessed" not in told.out + told.err
