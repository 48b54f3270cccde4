"""Kafka with an authorizer: what `onboarding topics acls` prints is enough, and what is missing is named."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local.stack import STEPS, Options, running
from services.runtime.settings import Settings, load_settings
from tests.integration import kafka_acls, ran, starts
from tests.integration.polling import until, until_nothing
from tests.integration.secured_kafka import Secured, secured_kafka
from tests.integration.system import ALL, System
from tests.own_servers import apache_or_skip

pytestmark = [pytest.mark.apache, pytest.mark.slow, pytest.mark.timeout(400)]
PREFIX = "acl-"
NAMES = (*STEPS, "saga-state", "operator")


@dataclass(frozen=True)
class Guarded:
    """A system whose processes are each a user of their own."""

    secured: Secured
    system: System
    admin: Settings
    lines: list[str]
    folder: Path

    def env(self, name: str) -> dict[str, str]:
        mongo = {"ONBOARDING_MONGO": self.system.stack.mongo}
        return environment(self.secured, name) | mongo

    async def onboarding(self, *arguments: str) -> ran.Ran:
        return await ran.onboarding(*arguments, env=self.env("operator"), folder=self.folder)

    def line(self, user: str, operation: str, kind: str, name: str) -> str:
        """The line that gives one right, as it is printed, of its other names bereft."""
        start = f"--allow-principal User:onboarding-{user} --operation {operation} "
        (found,) = [one for one in self.lines if start in one and f"--{kind} " in one]
        assert f"--{kind} {PREFIX}onboarding.{name}" in found
        return f"kafka-acls.sh --add {start}--{kind} {PREFIX}onboarding.{name}"


def environment(secured: Secured, name: str) -> dict[str, str]:
    who = {"ONBOARDING_KAFKA_USER": f"onboarding-{name}", "ONBOARDING_PREFIX": PREFIX}
    return {**secured.env, **who}


@pytest.fixture(scope="module")
async def guarded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Guarded]:
    runtime = await apache_or_skip()
    folder = tmp_path_factory.mktemp("guarded")
    users = [f"onboarding-{name}" for name in NAMES]
    async with secured_kafka(folder / "kafka", runtime, users) as secured:
        own = {name.removeprefix("ONBOARDING_").lower(): text for name, text in secured.env.items()}
        admin = load_settings(_env_file=None, **own)
        operator = environment(secured, "operator")
        printed = await ran.onboarding("topics", "acls", env=operator, folder=folder)
        lines = printed.out.splitlines()
        await kafka_acls.run(admin, lines)

        async def prepare(_kafka: str, _mongo: str) -> None:
            made = await ran.onboarding("topics", "create", env=operator, folder=folder)
            assert made.code == 0, made.err

        options = Options(folder / "up", broker=None, kafka=secured.address, services=())
        async with running(options, prepare, lambda *_: None) as stack:
            await stack.supervisor.launch(
                [stack._service(name, environment(secured, name.replace("_", "-"))) for name in ALL]
            )
            yield Guarded(secured, System(stack, PREFIX), admin, lines, folder)


async def test_a_saga_is_done_and_undone_with_just_the_rights_that_are_printed(guarded: Guarded):
    (guarded.folder / "partner.json").write_text(json.dumps(starts.partner_data()))
    for command in (
        ("topics", "check"),
        ("start", "partner.json", "--correlation-id", "one", "--wait"),
        ("compensate", "one", "--reason", "to see it undone"),
        ("dlq", "list"),
    ):
        told = await guarded.onboarding(*command)
        assert told.code == 0, (command, told)

    async def amiss() -> str:
        told = await guarded.onboarding("doctor")
        return f"{told.out}{told.err}" if told.code else ""

    await until_nothing("what the doctor finds", amiss, 60)  # a record may be late

    async def undone() -> bool:
        return (await guarded.system.ended("one"))["status"] == "COMPENSATED"

    await until("it is undone", undone)
    for name in ALL:
        assert "uthoriz" not in guarded.system.log(name), guarded.system.log(name)[-2000:]


async def test_why_tells_where_a_group_stands_with_just_those_rights(guarded: Guarded):
    supervisor = guarded.system.stack.supervisor
    await supervisor.stop("recruitment")
    data = json.dumps(starts.partner_data())
    (guarded.folder / "another.json").write_text(data)
    assert (await guarded.onboarding("start", "another.json", "--correlation-id", "two")).code == 0

    async def told() -> dict:
        """Once all parts were answered: each has two seconds, on a machine that does much else."""
        answer = await guarded.onboarding("why", "two", "-o", "json")
        is_it = answer.code == 0 and answer.json["service"] == "recruitment"
        groups = [one for one in answer.json["evidence"] if one["what"] == "group"] if is_it else []
        return answer.json if any(one["lag"] is not None for one in groups) else {}

    answer = await until("why recruitment waits", told)
    (group,) = [one for one in answer["evidence"] if one["what"] == "group"]
    assert (answer["cause"], answer["sure"]) == ("service_not_running", True)
    assert (group["group"], group["lag"]) == (f"{PREFIX}onboarding.recruitment", 1)
    assert "0 members" in group["told"]
    await supervisor.start("recruitment")


async def test_topics_grow_by_whoever_has_the_right_to_alter_them_and_the_plan_says_so(
    guarded: Guarded,
):
    planned = await guarded.onboarding("topics", "grow", "--partitions", "6")
    assert (planned.code, "kafka-topics.sh --bootstrap-server" in planned.out) == (1, True), planned
    assert "note: --execute needs the right Alter on the topics" in planned.err


@pytest.mark.parametrize(
    ("user", "operation", "topic"),
    [
        ("contract", "Write", "contract-created"),
        ("contract", "Read", "partner-registration-completed"),
        ("contract", "Read", "campaigns-enabled"),
        ("contract", "Write", "contract.dlq"),
        ("saga-state", "Read", "recruitment.dlq"),
    ],
)
async def test_a_service_that_lacks_a_right_names_the_topic_and_refuses_to_start(
    guarded: Guarded, user: str, operation: str, topic: str
):
    line = guarded.line(user, operation, "topic", topic)
    await kafka_acls.run(guarded.admin, [line.replace("--add", "--remove")])
    module = user.replace("-", "_")
    try:
        told = await ran.service(module, guarded.env(user), guarded.folder)
    finally:
        await kafka_acls.run(guarded.admin, [line])
    assert told.code == 2
    may_not = f"onboarding-{user} may not {operation.lower()} topic {PREFIX}onboarding.{topic}"
    assert told.err.startswith(f"ONBOARDING_KAFKA_USER: {may_not}: `onboarding topics acls`")
    assert told.err.count("\n") == 1


@pytest.mark.parametrize(("operation", "group"), [("Read", "contract"), ("Describe", "documents")])
async def test_a_service_that_lacks_a_right_to_a_group_names_it_and_refuses_to_start(
    guarded: Guarded, operation: str, group: str
):
    line = guarded.line("contract", operation, "group", group)
    await kafka_acls.run(guarded.admin, [line.replace("--add", "--remove")])
    try:
        told = await ran.service("contract", guarded.env("contract"), guarded.folder)
    finally:
        await kafka_acls.run(guarded.admin, [line])
    assert told.code == 2
    may_not = f"onboarding-contract may not {operation.lower()} group {PREFIX}onboarding.{group}"
    assert told.err.startswith(f"ONBOARDING_KAFKA_USER: {may_not}: `onboarding topics acls`")


async def test_who_may_not_start_a_saga_is_told_the_topic(guarded: Guarded):
    line = guarded.line("operator", "Write", "topic", "partner-onboarding-initiated")
    await kafka_acls.run(guarded.admin, [line.replace("--add", "--remove")])
    try:
        told = await guarded.onboarding("start", "--nombre", "A")
    finally:
        await kafka_acls.run(guarded.admin, [line])
    assert told.code == 2
    topic = f"{PREFIX}onboarding.partner-onboarding-initiated"
    assert f"does not let us write {topic}: `onboarding topics acls`" in told.err
    assert told.err.count("\n") == 1
