"""`onboarding demo`: a whole stack in a scratch folder, four onboardings, and how they ended."""

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from aiokafka import AIOKafkaProducer
from rich.console import Console

from contracts.events import PartnerOnboardingInitiated
from contracts.topics import event_topic
from deploy.local.stack import Stack, running
from saga_state.store import SagaStore
from services.cli.demo_follow import Told, follow, next_steps, outcome, timelines
from services.cli.demo_starts import DemoStart, demo_starts
from services.cli.errors import INTERRUPTED, CliError
from services.cli.local_stack import Happenings, Plan, options_of, preparation
from services.cli.options import Broker
from services.cli.printing import console, quiet
from services.cli.projection import open_projection
from services.cli.running_stack import Found, settings
from services.cli.step_rules import checked_settings
from services.cli.until_stopped import run_until_stopped
from services.runtime.kafka_access import client_options
from services.runtime.settings import PREFIX

MOST_SECONDS = 120.0
SHORT_TIMES = {  # so that nobody has to wait for the saga that is not answered
    f"{PREFIX}STEP_TIMEOUT_SECONDS": "5",
    f"{PREFIX}STEP_GRACE_SECONDS": "1",
}


def demo(broker: Broker, stays: bool) -> None:
    """Exit 0 only if all four ended as they should; the folder is kept if they did not."""
    quiet()
    out = console()
    checked_settings()  # before there is a folder that a refusal would leave behind
    plan = Plan(Path(tempfile.mkdtemp(prefix="onboarding-demo-")), broker, gateway=False)
    ended_well = asyncio.Event()
    work = _demo(plan, stays, ended_well, out)
    try:
        interrupted = run_until_stopped(work, lambda: out.print("stopping ..."))
    except CliError as error:
        line = f"{error}; the logs are in {plan.folder}/logs"
        raise CliError(line, error.exit_code) from None
    if interrupted and not ended_well.is_set():
        raise CliError("the demo was interrupted", INTERRUPTED)
    shutil.rmtree(plan.folder, ignore_errors=True)


async def _demo(plan: Plan, stays: bool, ended_well: asyncio.Event, out: Console) -> None:
    out.print(f"starting broker, database and services in {plan.folder} ...", soft_wrap=True)
    options = replace(options_of(plan), env=SHORT_TIMES)
    async with running(options, preparation(plan), Happenings(out)) as stack:
        stopped = await stack.supervisor.during(_play(stack, out))
        ended_well.set()
        if stays:
            for name in stopped:
                await stack.supervisor.start(name)
            out.print(next_steps(plan.folder))
            await stack.supervisor.wait()


async def _play(stack: Stack, out: Console) -> Sequence[str]:
    """The services that are stopped now. CliError (1) if one start does not end as it should, or
    they take too long."""
    found = Found(settings(kafka=stack.kafka, mongo=stack.mongo), None)
    starts = demo_starts(uuid.uuid4().hex[:6], datetime.now(UTC).date())
    async with open_projection(found) as store:
        try:
            async with asyncio.timeout(MOST_SECONDS):
                told = await _told(found, store, [one for one in starts if not one.stopped], out)
                stopped = [one.stopped for one in starts if one.stopped]
                for name in stopped:
                    out.print(f"\n{name} is stopped:")
                    await stack.supervisor.stop(name)
                told += await _told(found, store, [one for one in starts if one.stopped], out)
        except TimeoutError:
            raise CliError(f"not all of them had ended after {MOST_SECONDS:g} s") from None
    out.print(timelines(told))
    out.print(outcome(told))
    if not all(one.start.is_right(one.saga) for one in told):
        raise CliError("not all of them ended as they should")
    return stopped


async def _told(
    found: Found, store: SagaStore, starts: Sequence[DemoStart], out: Console
) -> list[Told]:
    await _publish(found, starts, out)
    return await follow(store, starts, out)


async def _publish(found: Found, starts: Sequence[DemoStart], out: Console) -> None:
    """As any producer would: plain Kafka messages, no code of this project."""
    topic = event_topic(PartnerOnboardingInitiated.__name__, found.settings.prefix)
    async with AIOKafkaProducer(**client_options(found.settings), acks="all") as producer:
        out.print(f"\nplain Kafka messages to {topic}:")
        for start in starts:
            await producer.send_and_wait(topic, start.value, headers=list(start.headers))
            names = ", ".join(name for name, _ in start.headers)
            out.print(f"  {start.title:<16} {start.about} (headers: {names})", soft_wrap=True)
    out.print()
