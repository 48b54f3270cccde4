"""`onboarding up --monitoring`: a Prometheus with the alerts as they are shipped."""

import json
import re
import shutil
from urllib.request import urlopen

import pytest
from running_up import eventually, up_or_skip

pytestmark = [pytest.mark.promtool, pytest.mark.servers, pytest.mark.timeout(600)]


def ask(url: str, path: str) -> dict:
    with urlopen(f"{url}/api/v1/{path}", timeout=10) as answer:
        return json.loads(answer.read())["data"]


def test_it_scrapes_every_process_and_the_table_tells_where_it_is(tmp_path):
    assert shutil.which("prometheus"), "apt-get install --no-install-recommends prometheus"
    with up_or_skip(tmp_path, "--monitoring") as up:
        url = up.run["prometheus"]
        assert re.search(rf"Prometheus +{url}", up.told)

        def up_now() -> set[str]:
            targets = ask(url, "targets")["activeTargets"]
            return {one["labels"]["instance"] for one in targets if one["health"] == "up"}

        ours = {one["name"] for one in up.run["processes"] if one["health_url"]}
        eventually(lambda: up_now() == ours)
        rules = [rule["name"] for group in ask(url, "rules")["groups"] for rule in group["rules"]]
        assert "OnboardingEventsLost" in rules
