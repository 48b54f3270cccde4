"""The Prometheus of the local stack: what it is told to scrape, and what is said where it is missing."""

import json

import pytest

from deploy.local.errors import Unavailable
from deploy.local.prometheus import RULES, prometheus, targets_of
from deploy.local.supervisor import supervising


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """As far as anybody can see."""
    program = tmp_path / "bin" / "prometheus"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    return program


def test_where_it_is_not_installed_one_line_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match=r"apt-get install .* or leave out --monitoring") as error:
        prometheus(tmp_path / "home", tmp_path / "targets.json")
    assert error.value.exit_code == 2


def test_it_listens_on_this_machine_alone_and_keeps_all_in_its_folder(installed, tmp_path):
    home, targets = tmp_path / "home", tmp_path / "targets.json"
    child, url = prometheus(home, targets, scrape_seconds=0.5)
    assert url.startswith("http://127.0.0.1:")
    assert child.argv[0] == str(installed)
    assert f"--web.listen-address={url.removeprefix('http://')}" in child.argv
    assert f"--storage.tsdb.path={home / 'data'}" in child.argv
    config = json.loads((home / "prometheus.json").read_text())
    assert config["rule_files"] == [str(RULES)]
    assert config["global"]["scrape_interval"] == "500ms"
    (job,) = config["scrape_configs"]
    assert job["file_sd_configs"][0]["files"] == [str(targets)]


def test_the_rules_that_it_is_given_are_there():
    assert "OnboardingEventsLost" in RULES.read_text()


def test_a_process_is_scraped_under_its_name_once_it_says_where():
    told = json.loads(targets_of({"contract": "http://127.0.0.1:1234", "mongo": None}))
    assert told == [{"targets": ["127.0.0.1:1234"], "labels": {"instance": "contract"}}]


async def test_what_is_to_be_scraped_follows_what_runs_and_is_gone_with_it(
    folder, heard, python, eventually
):
    code = f"""
import pathlib, time
pathlib.Path({str(folder.health_file("worker"))!r}).write_text("http://127.0.0.1:5")
time.sleep(60)
"""

    async def ready() -> bool:
        return folder.health_url("worker") is not None

    async with supervising(folder, heard) as supervisor:
        await supervisor.launch([python("worker", code, ready=ready), python("other")])
        (target,) = json.loads(folder.targets_file.read_text())
        assert target["labels"] == {"instance": "worker"}
    assert not folder.targets_file.exists()
