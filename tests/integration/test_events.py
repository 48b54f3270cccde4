"""`onboarding events` on real topics: all of them in time, since a time, and as they come."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contracts.events import EVENTS
from contracts.schema_files import example_record
from deploy.local.child import leash
from services.runtime.settings import Settings
from services.runtime.topics import create_topics
from tests.integration import ran, starts
from tests.integration.outside import start_topic

pytestmark = pytest.mark.timeout(600)
NOW_MS = int(datetime.now(UTC).timestamp() * 1000)
HOUR_MS = 3_600_000


async def send_examples(settings: Settings, names: Sequence[str], ms: int) -> None:
    """Each a second after the one before it."""
    async with starts.producer_to(settings.kafka) as producer:
        for place, name in enumerate(names):
            one = example_record(name, 1)
            topic, at = f"{settings.prefix}{one.topic}", ms + place * 1000
            await producer.send_and_wait(
                topic, one.value, one.key, headers=list(one.headers), timestamp_ms=at
            )


def env_of(settings: Settings) -> dict[str, str]:
    return {"ONBOARDING_KAFKA": settings.kafka, "ONBOARDING_PREFIX": settings.prefix}


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
async def told(settings: Settings) -> Settings:
    """The ten examples: the start a day ago, the others today; and a record that is no event."""
    await create_topics(settings)
    names = [name for name, _ in EVENTS]
    await send_examples(settings, names[:1], NOW_MS - 24 * HOUR_MS)
    await send_examples(settings, names[1:], NOW_MS - HOUR_MS)
    await starts.send(settings.kafka, start_topic(settings.prefix), starts.Sent(b"none", ()))
    return settings


async def test_all_there_is_is_shown_in_time_and_it_ends(told: Settings, tmp_path: Path):
    shown = await ran.onboarding("events", "-o", "jsonl", env=env_of(told), folder=tmp_path)
    assert (shown.code, [row["type"] for row in rows(shown.out)]) == (0, [n for n, _ in EVENTS])
    assert shown.err.startswith("note: 1 record that cannot be read is left out")
    assert "TechSolutions" not in shown.out
    whole = await ran.onboarding(
        "events", "--with-data", "-o", "jsonl", env=env_of(told), folder=tmp_path
    )
    assert "TechSolutions" in whole.out


async def test_since_and_the_filters_leave_out_the_rest(told: Settings, tmp_path: Path):
    async def types(*filters: str) -> list[str]:
        asked = ("events", "-o", "jsonl", *filters)
        shown = await ran.onboarding(*asked, env=env_of(told), folder=tmp_path)
        assert shown.code == 0, shown.err
        return [row["type"] for row in rows(shown.out)]

    assert await types("--since", "3h") == [name for name, _ in EVENTS][1:]
    assert await types("--status", "FAILED") == ["PartnerOnboardingFailed"]
    assert await types("--type", "ContractCreated", "--since", "1m") == []
    assert await types("--tenant", "another") == []


async def test_a_saga_is_found_by_any_of_its_ids_and_an_id_of_nothing_is_said_to_be_so(
    told: Settings, tmp_path: Path
):
    async def shown(*asked: str) -> ran.Ran:
        return await ran.onboarding(
            "events", "-o", "jsonl", *asked, env=env_of(told), folder=tmp_path
        )

    (first, *_) = rows((await shown()).out)
    for name in ("saga_id", "partner_id", "correlation_id"):
        found = await shown("--saga", first[name])
        assert first in rows(found.out), name
    none = await shown("--saga", "nobody")
    assert (none.code, none.out) == (1, "")
    assert "onboarding: no event of 'nobody' on the topics" in none.err
    other = await shown("--saga", first["saga_id"], "--since", "1s")
    assert (other.code, "note: no event matches" in other.err) == (0, True)


async def test_following_it_shows_what_comes_until_it_is_stopped(told: Settings, tmp_path: Path):
    program = str(Path(sys.executable).with_name("onboarding"))
    follower = await asyncio.create_subprocess_exec(
        program, "events", "--follow", "--since", "3h", "--type", "ContractCreated",
        env={**ran.CLEAN, **env_of(told)}, cwd=tmp_path, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, preexec_fn=leash(os.getpid()),
    )  # fmt: skip
    assert follower.stdout is not None
    try:
        first = await asyncio.wait_for(follower.stdout.readline(), 150)
        await send_examples(told, ["DocumentsVerified", "ContractCreated"], NOW_MS)
        second = await asyncio.wait_for(follower.stdout.readline(), 150)
        follower.send_signal(signal.SIGINT)
        rest, errors = await asyncio.wait_for(follower.communicate(), 150)
    finally:
        if follower.returncode is None:
            follower.kill()
            await follower.wait()
    assert b"ContractCreated" in first
    assert b"ContractCreated" in second
    assert (follower.returncode, rest, errors) == (130, b"", b"")
