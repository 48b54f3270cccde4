"""Waiting until a system has nothing left to do, and looking at what came of it all."""

from collections import Counter, defaultdict
from typing import Any

from tests.chaos.at_the_end import end_of, faults_of, shared_numbers
from tests.chaos.verdict import sagas_of
from tests.deploy.sandbox import Sandbox
from tests.integration import outside
from tests.integration.outside import Reading
from tests.integration.polling import until_nothing
from tests.integration.system import System

GOES_ON = ("pending", "undoing", "parked", "undo_parked")


def platform_of(running: System) -> Sandbox:
    """The sandbox platform of a system that has one."""
    folder = running.stack.supervisor.folder
    return Sandbox(running.stack.platform or "", folder.root / "platform.jsonl")


async def until_at_rest(running: System, seconds: float) -> None:
    """Wait until every saga has ended, all that was said was heard, and no document waits."""
    async with Reading(running.kafka, outside.event_topics(running.prefix)) as reading:

        async def unended() -> list[str]:
            await reading.more()
            return [saga for saga, said in sagas_of(reading.seen).items() if end_of(said) is None]

        await reading.to_the_end()
        await until_nothing("sagas have not ended", unended, seconds)
    await running.at_rest()
    await until_nothing("documents wait", lambda: waiting(running), seconds)
    await running.at_rest()


async def waiting(running: System) -> dict[str, int]:
    """By step and state, of documents for which time or a call has still something to do."""
    found: Counter[str] = Counter()
    async with running.patient() as client:
        for step in outside.STEPS:
            steps = client[f"{running.prefix}onboarding_{step}"].steps
            async for one in steps.find({"state": {"$in": GOES_ON}}, {"state": 1}):
                found[f"{step} {one['state']}"] += 1
    return dict(found)


async def verdict(running: System) -> tuple[Counter[str], dict[str, list[str]]]:
    """How many sagas ended how, and what is wrong with which."""
    sagas = sagas_of(await running.events())
    effects: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in platform_of(running).effects():
        effects[one["saga"]].append(one)
    ends = Counter(end_of(said) or "not ended" for said in sagas.values())
    faults = {saga: faults_of(said, effects[saga]) for saga, said in sagas.items()}
    if twice := shared_numbers(sagas.values()):
        faults["of several sagas"] = twice
    if strangers := set(effects) - set(sagas):
        faults["of no saga"] = sorted(strangers)
    return ends, {saga: found for saga, found in faults.items() if found}
