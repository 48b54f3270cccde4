"""Ours beside raw: both on the same servers, in turns, so that a noisy machine disturbs both.

Rounds alternate: while one of them runs, the processes of the other are stopped. What is compared
are medians of the rounds; the spread is printed beside them.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local.child import Child
from deploy.local.stack import Stack
from tests.bench import raw
from tests.bench.load import Pipeline

PARTITIONS = 4
RAW = Pipeline(
    "raw",
    raw.TOPICS[0],
    raw.TOPICS[-1],
    raw.STATE,
    {"tenant_id": "default", "status": raw.STATUSES[-1]},
    len(raw.TOPICS),
    (*(f"raw-{number}" for number in range(len(raw.STEPS))), "raw-projector"),
    raw.body,
    lambda name: name,
)
WITHOUT_PROJECTOR = replace(RAW, processes=RAW.processes[:-1])


async def make_topics(kafka: str) -> None:
    """Those of raw; the services' own are made with the stack."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in raw.TOPICS])
    finally:
        await admin.close()


def raw_children(stack: Stack) -> list[Child]:
    """The six processes of raw."""
    argv = (sys.executable, "-m", "tests.bench.raw", stack.kafka, stack.mongo)
    parts = [("step", str(number)) for number in range(len(raw.STEPS))] + [("projector",)]
    return [
        Child(name, (*argv, *part), os.environ)
        for name, part in zip(RAW.processes, parts, strict=True)
    ]


@asynccontextmanager
async def alone(stack: Stack, pipeline: Pipeline) -> AsyncIterator[None]:
    """Its processes run, for as long as the block lasts, and those of the other do not."""
    await asyncio.gather(*map(stack.supervisor.start, pipeline.processes))
    try:
        yield
    finally:
        await asyncio.gather(*map(stack.supervisor.stop, pipeline.processes))
