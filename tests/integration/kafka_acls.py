"""Runs lines of kafka-acls.sh as that tool does: by Kafka's own requests CreateAcls and DeleteAcls."""

import shlex
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from aiokafka.conn import create_conn
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Int8, Int16, Int32, Schema, String

from services.runtime.kafka_access import security
from services.runtime.settings import Settings

TEXT = String("utf-8")
KINDS = {"topic": 2, "group": 3}
OPERATIONS = {"Read": 3, "Write": 4, "Create": 5, "Describe": 8, "DescribeConfigs": 10}
LITERAL, ALLOW = 3, 3
ACL = (
    ("kind", Int8), ("name", TEXT), ("pattern", Int8), ("principal", TEXT), ("host", TEXT),
    ("operation", Int8), ("permission", Int8),
)  # fmt: skip


class Created(Response):
    API_KEY, API_VERSION = 30, 1
    SCHEMA = Schema(("throttle", Int32), ("results", Array(("code", Int16), ("text", TEXT))))


class Create(RequestStruct):
    API_KEY, API_VERSION, RESPONSE_TYPE = 30, 1, Created
    SCHEMA = Schema(("acls", Array(*ACL)))


class Deleted(Response):
    API_KEY, API_VERSION = 31, 1
    SCHEMA = Schema(
        ("throttle", Int32),
        (
            "results",
            Array(
                ("code", Int16),
                ("text", TEXT),
                ("matching", Array(("code", Int16), ("text", TEXT), *ACL)),
            ),
        ),
    )


class Delete(RequestStruct):
    API_KEY, API_VERSION, RESPONSE_TYPE = 31, 1, Deleted
    SCHEMA = Schema(("filters", Array(*ACL)))


class _Asks(Request[Create]):
    API_KEY = 30

    def __init__(self, acls: list[Any]) -> None:
        self._acls = acls

    def build(self, struct: type[Create]) -> Create:
        return struct(self._acls)


class _Takes(Request[Delete]):
    API_KEY = 31

    def __init__(self, acls: list[Any]) -> None:
        self._acls = acls

    def build(self, struct: type[Delete]) -> Delete:
        return struct(self._acls)


async def run(settings: Settings, lines: Iterable[str]) -> None:
    """Lines with --add or --remove; each must do something."""
    host, _, port = settings.kafka.rpartition(":")
    connection = await create_conn(host, int(port), **security(settings))
    try:
        for line in lines:
            added, acls = _read(line)
            answer = await connection.send(_Asks(acls) if added else _Takes(acls))
            assert [one[0] for one in answer.results] == [0] * len(acls), (line, answer)
            assert added or all(one[2] for one in answer.results), f"removes nothing: {line}"
    finally:
        connection.close()


def _read(line: str) -> tuple[bool, list[Any]]:
    program, *words = shlex.split(line)
    assert program == "kafka-acls.sh"
    parser = ArgumentParser()
    for flag in ("--add", "--remove"):
        parser.add_argument(flag, action="store_true")
    for flag in ("--topic", "--group"):
        parser.add_argument(flag, action="append", default=[])
    for flag in ("--allow-principal", "--operation"):
        parser.add_argument(flag, required=True)
    told = parser.parse_args([word for word in words if word != "$KAFKA"])
    assert told.add != told.remove
    named = [("topic", one) for one in told.topic] + [("group", one) for one in told.group]
    return told.add, [
        (KINDS[kind], name, LITERAL, told.allow_principal, "*", OPERATIONS[told.operation], ALLOW)
        for kind, name in named
    ]
