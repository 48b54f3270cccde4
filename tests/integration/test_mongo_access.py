"""MongoDB under TLS, with a certificate and a password: who is let in, and what is said to who is not."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.certificates import made_certificate
from tests.conftest import RealServers
from tests.integration import ran, starts
from tests.integration.polling import until_nothing
from tests.integration.ran import Ran
from tests.integration.secured_mongo import PASSWORD, SecuredMongo, secured_mongo
from tests.integration.system import system

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(900)]
PREFIX = "secured-"


@pytest.fixture(scope="module")
async def secured(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SecuredMongo]:
    async with secured_mongo(tmp_path_factory.mktemp("mongo"), PREFIX) as one:
        yield one


def settings(servers: RealServers, uri: str, prefix: str = PREFIX) -> dict[str, str]:
    told = {"KAFKA": servers.kafka, "MONGO": uri, "PREFIX": prefix, "REPLICATION": "1"}
    return {f"ONBOARDING_{name}": text for name, text in told.items()}


def is_one_line(told: Ran, beginning: str) -> None:
    assert told.code == 2, told
    assert told.err.removeprefix("onboarding: ").startswith(beginning)
    assert told.err.count("\n") == 1
    assert "guessed" not in told.out + told.err
    assert PASSWORD not in told.out + told.err


async def test_a_saga_goes_its_whole_way_and_the_uri_may_stand_in_a_file(
    real_servers: RealServers, secured: SecuredMongo, tmp_path: Path
):
    (tmp_path / "uri").write_text(secured.uri())
    async with system(real_servers.kafka, secured.uri(), PREFIX, tmp_path / "up"):
        env = settings(real_servers, "") | {"ONBOARDING_MONGO_FILE": str(tmp_path / "uri")}
        (tmp_path / "partner.json").write_text(json.dumps(starts.partner_data()))
        for command in (
            ("start", "partner.json", "--correlation-id", "secured", "--wait"),
            ("status", "secured"),
            ("list",),
        ):
            told = await ran.onboarding(*command, env=env, folder=tmp_path)
            assert told.code == 0, (command, told)

        async def amiss() -> str:
            told = await ran.onboarding("doctor", env=env, folder=tmp_path)
            return f"{told.out}{told.err}" if told.code else ""

        await until_nothing("what the doctor finds", amiss)


async def test_a_wrong_password_is_one_line_and_exit_2(
    real_servers: RealServers, secured: SecuredMongo, tmp_path: Path
):
    env, line = (
        settings(real_servers, secured.uri("guessed")),
        "ONBOARDING_MONGO: the server refuses",
    )
    is_one_line(await ran.service("registration", env, tmp_path), line)
    is_one_line(await ran.onboarding("list", env=env, folder=tmp_path), line)


async def test_an_authority_that_did_not_vouch_for_the_server_is_one_line_and_exit_2(
    real_servers: RealServers, secured: SecuredMongo, tmp_path: Path
):
    other = made_certificate(tmp_path / "other").alone
    env = settings(real_servers, secured.uri(authority=other))
    line = "ONBOARDING_MONGO: the certificate of the server is not trusted"
    is_one_line(await ran.service("registration", env, tmp_path), line)
    is_one_line(await ran.onboarding("list", env=env, folder=tmp_path), line)


async def test_a_database_that_the_user_has_no_right_to_is_named(
    real_servers: RealServers, secured: SecuredMongo, tmp_path: Path
):
    env = settings(real_servers, secured.uri(), prefix="other-")
    line = "ONBOARDING_MONGO: its user lacks a right on the database other-"
    is_one_line(await ran.service("registration", env, tmp_path), line)
    is_one_line(await ran.onboarding("list", env=env, folder=tmp_path), line)


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ("mongodb://me:gue%ssed@127.0.0.1/", "ONBOARDING_MONGO: cannot be read"),
        ("mongodb://127.0.0.1/?tls=true&tlsCAFile=/none", "ONBOARDING_MONGO: its tlsCAFile"),
    ],
)
async def test_a_uri_that_cannot_be_read_is_one_line_and_exit_2(
    real_servers: RealServers, changed: str, line: str, tmp_path: Path
):
    env = settings(real_servers, changed)
    is_one_line(await ran.service("registration", env, tmp_path), line)
    is_one_line(await ran.onboarding("list", env=env, folder=tmp_path), line)
