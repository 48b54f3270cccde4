"""A service that is started before its topics are there."""

import json
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from tests.conftest import RealServers
from tests.integration.polling import until_so
from tests.integration.tiny import Tiny, Worker, tiny_on


async def test_a_service_waits_for_its_topics_says_so_and_hears_what_is_sent_to_them(
    real_servers: RealServers, prefix: str, tmp_path: Path
):
    early = Tiny(real_servers, prefix, tmp_path)
    worker = await early.start()
    try:
        await until_so("it waits", lambda: waits_for(worker) == {"kafka": "TopicsMissingError"})
        told = [json.loads(line) for line in worker.log.splitlines() if "topics.missing" in line]
        assert [(one["topics"], one["remedy"]) for one in told] == [
            ([early.topic("in")], "onboarding topics create")
        ]
        async with tiny_on(real_servers, prefix, tmp_path) as tiny:
            await worker.ready()
            await tiny.send(range(10))
            await tiny.until_said(range(10))
    finally:
        worker.process.kill()
        await worker.process.wait()


def waits_for(worker: Worker) -> dict[str, str] | None:
    try:
        with urlopen(f"{worker.url}/readyz", timeout=5):
            return {}
    except HTTPError as error:
        waiting: dict[str, str] = json.loads(error.read())["waiting_for"]
        return waiting
    except (OSError, HTTPException):
        return None
