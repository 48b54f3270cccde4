"""The checker on a real system: green where the platform keeps its promise, red where it does not.

The control: with its keys ignored, a call that is repeated has another effect each time.
"""

import json
from pathlib import Path

import pytest

from tests.chaos.cluster.checker import FAULTS, Verdict, check
from tests.chaos.rest import platform_of, until_at_rest
from tests.conftest import RealServers
from tests.integration import starts
from tests.integration.polling import until
from tests.integration.system import System, system

SAGAS = 12
SETTINGS = {"ONBOARDING_CALL_TIMEOUT_SECONDS": "2", "ONBOARDING_RETRY_CAP_SECONDS": "1"}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.mark.parametrize("keys", ["kept", "ignored"])
async def test_of_calls_that_are_repeated_it_finds_those_that_were_done_again(
    real_servers: RealServers, prefix: str, tmp_path: Path, keys: str
):
    async with system(
        real_servers.kafka, real_servers.mongo, prefix, tmp_path, env=SETTINGS, platform=True
    ) as running:
        if keys == "ignored":
            await platform_of(running).tell("ignore_keys")
        await platform_of(running).tell("lose", method="PUT", share=0.5)
        verdict = await verdict_of(running, tmp_path)
    found = {kind for kind in FAULTS if verdict.counted[kind]}
    assert verdict.counted["accepted"] == SAGAS
    assert verdict.counted["poison"] == 1
    assert found == ({"double effects"} if keys == "ignored" else set()), verdict.faults


async def verdict_of(running: System, folder: Path) -> Verdict:
    """Of some good starts, one that is refused and one poison, when nothing goes on any more."""
    meant = {f"good-{number}": "COMPLETED" for number in range(SAGAS - 1)}
    sent = [starts.start(name, event_id=name) for name in meant]
    refused = starts.start("unfit-0", event_id="unfit-0", tipo_partner="INDIVIDUAL")
    poison = starts.Sent(b"{", (), b"poison-0")
    await starts.send(running.kafka, running.start_topic, *sent, refused, poison)
    accepted = folder / "accepted.jsonl"
    told = {**meant, "unfit-0": "COMPENSATED", "poison-0": "DEAD LETTER"}
    accepted.write_text(
        "".join(
            json.dumps({"name": name, "kind": name.partition("-")[0], "meant": end}) + "\n"
            for name, end in told.items()
        )
    )
    await running.completed(SAGAS - 1)
    await until("a dead letter", lambda: _letters(running))
    await until_at_rest(running, 90)
    return await check(
        running.kafka, running.stack.mongo, platform_of(running).log, accepted, running.prefix
    )


async def _letters(running: System) -> bool:
    letters = await running.dead_letters()
    return bool(letters["registration"]) and bool(letters["saga-state"])
