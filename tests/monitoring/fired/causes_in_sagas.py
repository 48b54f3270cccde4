"""What is wrong with sagas: each cause as a block that has brought it about, and mends it at its end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

from tests.integration.polling import until
from tests.integration.starts import Sent, start
from tests.monitoring.fired.firing import Cause
from tests.monitoring.fired.stage import Stage

EXPIRED = [{"type": "IDENTITY", "number": "1", "expires_on": "2020-01-01"}]


@asynccontextmanager
async def unreadable(stage: Stage) -> AsyncIterator[None]:
    await stage.watched.starts(Sent(b"half", start().headers))
    yield


@asynccontextmanager
async def many_noes(stage: Stage) -> AsyncIterator[None]:
    await stage.watched.starts(*(start(documents=EXPIRED) for _ in range(40)))
    yield


@asynccontextmanager
async def bug_in_a_step(stage: Stage) -> AsyncIterator[None]:
    await stage.platform.tell("bug", step="documents", method="PUT")
    await stage.watched.starts(start())
    yield
    await stage.platform.heal()
    await stage.redrive("--service", "documents", "--class", "PARKED")


@asynccontextmanager
async def bug_in_an_undo(stage: Stage) -> AsyncIterator[None]:
    await stage.platform.tell("bug", step="documents", method="DELETE")
    await stage.platform.tell("refuse", step="campaigns", times=1)
    await stage.watched.starts(start("corr-undo"))
    yield
    await stage.redrive("--service", "documents", "--class", "UNDO_PARKED")


async def is_half_undone(stage: Stage) -> None:
    """Wait until that undo waits for a person; the platform is well again."""

    async def so() -> bool:
        return bool(await stage.system.sagas(correlation_id="corr-undo", half_undone=True))

    await until("the undo waits for a person", so)
    await stage.platform.heal()


@asynccontextmanager
async def slow_platform(stage: Stage) -> AsyncIterator[None]:
    for step in ("campaigns", "recruitment"):
        await stage.platform.tell("slow", seconds=31, step=step)
    starting = asyncio.create_task(stage.trickle(3_600))
    yield
    starting.cancel()
    with suppress(asyncio.CancelledError):
        await starting
    await stage.platform.heal()


@asynccontextmanager
async def lost_event(stage: Stage) -> AsyncIterator[None]:
    """As if what documents said had been lost by the broker."""
    async with stage.stopped("documents"):
        saga = await stage.one_under_way("documents")
        said_at = datetime.now(UTC) - timedelta(minutes=1)
        said = {"_id": saga["_id"], "tenant_id": "default", "state": "done", "decided_at": said_at}
        await stage.mongo(lambda client: client.onboarding_documents.steps.insert_one(said))
        yield
        one = {"_id": saga["_id"]}
        await stage.mongo(lambda client: client.onboarding_documents.steps.delete_one(one))


@asynccontextmanager
async def no_watch(stage: Stage) -> AsyncIterator[None]:
    async with stage.stopped("documents"):
        one, unwatched = await stage.one_under_way("documents"), {"$unset": {"watch_at": ""}}
        query = {"_id": one["_id"]}
        await stage.mongo(
            lambda client: client.onboarding_contract.steps.update_one(query, unwatched)
        )
        yield


HALF_UNDONE = Cause(
    "the platform answers an undo of documents with what is no answer, and nobody redrives it",
    ("OnboardingCompensationFailing", "OnboardingCompensationStuck"),
    bug_in_an_undo,
    "the platform is well again, the undo is redriven",
    waits_seconds=1_500,
)
IN_SAGAS = (
    Cause("a start that is half a JSON document", ("OnboardingDeadLetters",), unreadable),
    Cause("40 partners with an expired document, at once", ("OnboardingStepFailing",), many_noes),
    Cause(
        "the platform answers documents with what is no answer",
        ("OnboardingStepParked",),
        bug_in_a_step,
        "the platform is well again, the step is redriven",
    ),
    Cause(
        "campaigns and recruitment take 31 s each, a start each second",
        ("OnboardingEndsLateFast", "OnboardingEndsLateSlow"),
        slow_platform,
        "the platform answers at once, no more starts",
    ),
    Cause(
        "documents is stopped; by its own document it has said what never came to the topic",
        ("OnboardingEventsLost",),
        lost_event,
        "that document is removed, documents is started, and says it",
    ),
    Cause(
        "documents is stopped, a saga waits for it, the watch of contract is taken away",
        ("OnboardingUnwatched",),
        no_watch,
        "documents is started",
    ),
)
