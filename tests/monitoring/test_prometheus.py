"""A real Prometheus on a running system: what it scrapes, and alerts that fire when their cause is there.

Windows and waits of the rules are 60 times shorter; what is a threshold stays.
"""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from math import isnan
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from deploy.local.stack import GATEWAY
from tests.conftest import RealServers
from tests.integration.polling import until
from tests.integration.starts import Sent, start
from tests.integration.system import ALL, system
from tests.monitoring.alert_rules import FILE, scaled
from tests.monitoring.watching import Watched

pytestmark = [pytest.mark.promtool, pytest.mark.servers]
SHORTER = 60
EXPIRED = [{"type": "IDENTITY", "number": "1", "expires_on": "2020-01-01"}]
FAST = {"ONBOARDING_EVENTS_LOST_SECONDS": "1"}


@pytest.fixture(scope="module")
async def watched(
    promtool: str, real_servers: RealServers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Watched]:
    folder: Path = tmp_path_factory.mktemp("watched")
    rules = folder / "alerts.yaml"
    rules.write_text(scaled(FILE.read_text(), SHORTER))
    async with system(
        real_servers.kafka, real_servers.mongo, f"{folder.parent.name[-8:]}-watched-".lower(),
        folder / "state", services=(*ALL, GATEWAY), env=FAST,
        monitoring=True, rules=rules, scrape_seconds=0.5,
    ) as running:  # fmt: skip
        run = json.loads(running.stack.supervisor.folder.run_file.read_text())
        yield Watched(running, run["prometheus"])


async def test_every_process_is_scraped_under_its_name_and_all_rules_are_loaded(watched):
    async def all_up() -> bool:
        return await watched.value("sum(up)") == len(ALL) + 1

    await until("all targets", all_up)
    targets = (await watched.ask("targets"))["activeTargets"]
    assert {one["labels"]["instance"] for one in targets} == {*ALL, GATEWAY}
    groups = (await watched.ask("rules"))["groups"]
    assert {rule["health"] for group in groups for rule in group["rules"]} <= {"ok", "unknown"}


async def test_a_saga_is_seen_from_start_to_end_and_nothing_is_wrong(watched):
    await watched.starts(start("corr-healthy"))
    await watched.system.ended("corr-healthy")

    async def counted() -> bool:
        ended = 'onboarding_sagas_ended_total{status="COMPLETED"}'
        return bool(await watched.value(f"sum({ended})"))

    async def gauged() -> bool:
        return await watched.value("min(onboarding_instances)") == 1

    await until("the end is counted", counted)
    await until("the gateway has looked", gauged)
    await until("all processes were asked", partial(is_whole, watched))
    assert await watched.value("max(onboarding_events_lost)") == 0
    assert {*await watched.firing()} <= {"OnboardingServiceAbsent", "OnboardingGatewayAbsent"}


async def is_whole(watched: Watched) -> bool:
    """Each is asked in its own time, and what is told of what it knows not yet is NaN."""
    counted = await watched.value("sum(onboarding_step_wait_seconds_count)") or 0
    lost = await watched.value("max(onboarding_events_lost)")
    absent = "OnboardingNotKnown" in await watched.firing()
    return counted >= 5 and lost is not None and not isnan(lost) and not absent


async def test_records_that_cannot_be_read_are_told(watched):
    await watched.starts(Sent(b"half", start().headers))
    await watched.fires("OnboardingDeadLetters", error_class="INVALID_JSON", severity="warning")


async def test_a_step_that_says_no_again_and_again_is_told_with_its_code(watched):
    some = (start(documents=EXPIRED) for _ in range(15))
    await watched.starts(*some)
    await watched.fires("OnboardingStepFailing", step="documents", code="DOCUMENT_EXPIRED")


async def test_a_service_that_is_gone_and_what_waits_for_it_are_told_until_it_is_back(watched):
    supervisor = watched.system.stack.supervisor
    await supervisor.stop("campaigns")
    await watched.starts(start("corr-waits"))
    await watched.fires("OnboardingServiceAbsent", service="campaigns", severity="critical")
    await watched.fires("OnboardingNoProgress", service="campaigns")
    await supervisor.start("campaigns")
    await watched.ends("OnboardingServiceAbsent")
    await watched.ends("OnboardingNoProgress")


async def test_an_event_that_only_its_step_knows_of_is_told(watched):
    """As if what documents said had been lost by the broker."""
    system = watched.system
    await system.stack.supervisor.stop("documents")
    await watched.starts(start("corr-lost"))

    async def waits() -> Any:
        found = await system.sagas(correlation_id="corr-lost", current_step="documents")
        return found[0]["_id"] if found else None

    saga_id = await until("it waits for documents", waits)
    said_at = datetime.now(UTC) - timedelta(minutes=1)
    document = {"_id": saga_id, "tenant_id": "default", "state": "done", "decided_at": said_at}
    async with AsyncMongoClient(system.stack.mongo) as client:
        await client[f"{system.prefix}onboarding_documents"].steps.insert_one(document)
        await watched.fires("OnboardingEventsLost", step="documents")


async def test_without_a_gateway_the_others_are_known_to_be_blind(watched):
    await watched.system.stack.supervisor.stop(GATEWAY)
    await watched.fires("OnboardingGatewayAbsent")
