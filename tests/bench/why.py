"""How long `why` takes beside a million other sagas: `make bench-why`.

The others are copies of one saga that ran, in the projection and in the step that must act.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient

from deploy.local.stack import Stack
from services.evidence.asking import why_id
from services.evidence.gather import why_sagas
from services.evidence.sources import Sources
from services.runtime.mongo import connect
from services.runtime.settings import Settings, load_settings
from tests.bench.load import Load, load_on, stack_of
from tests.bench.million import Template, fill, is_at_rest
from tests.bench.reporting import Figure, figure, report
from tests.integration import ran
from tests.integration.polling import until

STUCK, TIMES, CLI_TIMES, PATIENCE_SECONDS = 1_000, 20, 5, 300
REPORT = Path(".onboarding/reports/bench-why.json")
STEP = "documents"


async def measure(rows: int) -> list[Figure]:
    """In this process, as the gateway asks; as a command, its start included; of the fleet."""
    env = {"ONBOARDING_STEP_TIMEOUT_SECONDS": "86400"}
    async with stack_of("embedded", env) as stack, load_on(stack) as load:
        async with connect(stack.mongo) as mongo:
            template = await _template(mongo, load)
            await fill(_collections(mongo), template, 0, rows)
            await stack.supervisor.stop(STEP)
            saga = await _stuck(mongo, load)
            sources = Sources(_settings(stack), mongo)
            own = [await _asked(sources, saga) for _ in range(TIMES)]
            fleet = await _fleet(sources)
        commands = [await _command(stack, saga) for _ in range(CLI_TIMES)]
    beside = f"beside {rows:,} sagas"
    return [
        figure(
            f"why of one saga {beside}, median", statistics.median(own), "ms", 1000, at_most=True
        ),
        figure(f"the same, the slowest of {TIMES}", max(own), "ms", 1000, at_most=True),
        figure("as a command, its start included, median", statistics.median(commands), "ms"),
        figure(f"of {STUCK:,} stuck sagas at once", fleet, "ms"),
    ]


def _collections(mongo: AsyncMongoClient[dict[str, Any]]) -> Mapping[str, Any]:
    return {"sagas": mongo.saga_state.sagas, STEP: mongo[f"onboarding_{STEP}"].steps}


async def _template(mongo: AsyncMongoClient[dict[str, Any]], load: Load) -> Template:
    """Of a saga that completed."""
    await load.send(1)
    await load.until_ended(1, PATIENCE_SECONDS)
    await until("projected", partial(load.projected), PATIENCE_SECONDS)
    await until("at rest", partial(is_at_rest, _collections(mongo)), PATIENCE_SECONDS)
    (name,) = load.sent
    found = {name: await one.find().to_list() for name, one in _collections(mongo).items()}
    return Template.of(found, {name, found["sagas"][0]["_id"]})


async def _stuck(mongo: AsyncMongoClient[dict[str, Any]], load: Load) -> str:
    """So many sagas that wait for a service that is not running; one of them."""
    load.forget()
    await load.send(STUCK)
    query = {"tenant_id": "default", "status": "CONTRACT_CREATED"}
    sagas = mongo.saga_state.sagas

    async def all_there() -> bool:
        return await sagas.count_documents(query, hint="by_status") >= STUCK

    await until("stuck sagas", all_there, PATIENCE_SECONDS)
    return load.pipeline.saga_of(next(iter(load.sent)))


async def _asked(sources: Sources, saga: str) -> float:
    began = time.perf_counter()
    told = await why_id(sources, "default", saga)
    took = (time.perf_counter() - began) * 1000
    assert told is not None
    assert told.answer.cause.name == "service_not_running", told.answer
    return took


async def _fleet(sources: Sources) -> float:
    began = time.perf_counter()
    sagas = await sources.store.stuck("default", STUCK)
    answers = await why_sagas(sources, sagas, await sources.store.now())
    assert len(answers) == STUCK
    return (time.perf_counter() - began) * 1000


async def _command(stack: Stack, saga: str) -> float:
    env = {"ONBOARDING_KAFKA": stack.kafka, "ONBOARDING_MONGO": stack.mongo}
    began = time.perf_counter()
    told = await ran.onboarding("why", saga, env=env, folder=stack.supervisor.folder.root)
    took = (time.perf_counter() - began) * 1000
    assert told.code == 0, told.err
    return took


def _settings(stack: Stack) -> Settings:
    return load_settings(_env_file=None, kafka=stack.kafka, mongo=stack.mongo)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print and report it."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.why", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="sagas that are stored")
    report(asyncio.run(measure(parser.parse_args(arguments).rows)), REPORT)


if __name__ == "__main__":
    main()
