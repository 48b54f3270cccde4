"""The sandbox of the outside systems on the command line, as far as it goes without servers."""

import io
import json
import os

import pytest
from rich.console import Console

from services.cli.options import Broker
from services.cli.up import start_up_table

RUN = {"kafka": "127.0.0.1:1", "mongo": "mongodb://127.0.0.1:2", "processes": []}
PLATFORM = "http://127.0.0.1:3"


@pytest.fixture(autouse=True)
def nothing_set(bare) -> None:
    """Each test starts without settings."""


def test_an_address_that_a_person_set_is_not_passed_over(onboarding, monkeypatch):
    monkeypatch.setenv("ONBOARDING_CAMPAIGNS_URL", "https://platform.example")
    ended = onboarding("up", "--with-platform")
    assert ended.code == 2
    assert "ONBOARDING_CAMPAIGNS_URL is set: unset it, or leave out --with-platform" in ended.error


@pytest.mark.parametrize("command", ["config", "up", "up --with-platform", "demo"])
@pytest.mark.parametrize("step", ["registration", "contract"])
def test_an_address_for_a_step_without_an_outside_system_is_refused(
    onboarding, monkeypatch, command, step
):
    monkeypatch.setenv(f"ONBOARDING_{step.upper()}_URL", "https://platform.example")
    ended = onboarding(*command.split())
    assert ended.code == 2
    assert f"ONBOARDING_{step.upper()}_URL: {step} has no outside system" in ended.error


@pytest.mark.parametrize(
    "url",
    [
        "platform.example", "ftp://a.example", "http://", "http:///documents", "http://a b",
        "http://a.example:99999", "http://a.example:x", "http://[::1", "http://me:hunter2@a.example",
        "http://a.example?x=1", "http://a.example/#x", "http://ñ.example",
    ],
)  # fmt: skip
def test_a_wrong_address_is_one_line_that_does_not_repeat_it(onboarding, monkeypatch, url):
    monkeypatch.setenv("ONBOARDING_DOCUMENTS_URL", url)
    ended = onboarding("config")
    assert ended.code == 2
    assert ended.error.startswith("onboarding: ONBOARDING_DOCUMENTS_URL: must ")
    assert "hunter2" not in ended.error


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://a.example", "http://a.example"),
        ("https://a.example:8443/v1/", "https://a.example:8443/v1"),
        ("http://[::1]:80/x", "http://[::1]:80/x"),
        ("http://127.0.0.1:5", "http://127.0.0.1:5"),
    ],
)
def test_a_right_address_is_shown_as_it_is_used(onboarding, monkeypatch, url, shown):
    monkeypatch.setenv("ONBOARDING_DOCUMENTS_URL", url)
    assert settings(onboarding)["ONBOARDING_DOCUMENTS_URL"] == shown


def test_the_key_of_an_outside_system_is_masked_and_a_wrong_one_not_repeated(
    onboarding, monkeypatch
):
    monkeypatch.setenv("ONBOARDING_DOCUMENTS_API_KEY", "hunter2")
    assert settings(onboarding)["ONBOARDING_DOCUMENTS_API_KEY"] == "********"
    monkeypatch.setenv("ONBOARDING_DOCUMENTS_API_KEY", "hunter2\nX: y")
    ended = onboarding("config")
    assert (ended.code, "hunter2" in ended.err) == (2, False)


def test_env_tells_where_the_platform_is_if_there_is_one(onboarding, tmp_path):
    folder = tmp_path / ".onboarding"
    folder.mkdir()
    (folder / "lock").write_text(str(os.getpid()))
    for platform, lines in ((PLATFORM, 1), (None, 0)):
        (folder / "run.json").write_text(json.dumps({**RUN, "platform": platform}))
        out = onboarding("env").out
        assert out.count(f"export ONBOARDING_PLATFORM={PLATFORM}\n") == lines
        assert out.count("export ") == 2 + lines


def test_what_env_prints_is_no_misspelt_setting(onboarding, monkeypatch):
    monkeypatch.setenv("ONBOARDING_PLATFORM", PLATFORM)
    assert "ONBOARDING_PLATFORM" not in onboarding("config").err


@pytest.mark.parametrize(("platform", "lines"), [(PLATFORM, 1), (None, 0)])
def test_the_start_up_table_tells_where_the_platform_is_if_there_is_one(tmp_path, platform, lines):
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(start_up_table({**RUN, "platform": platform}, Broker.EMBEDDED, tmp_path))
    assert console.export_text().count(PLATFORM) == lines


def settings(onboarding) -> dict[str, str]:
    rows = json.loads(onboarding("config", "-o", "json").out)
    return {row["setting"]: row["value"] for row in rows}


@pytest.mark.parametrize(("address", "lines"), [(None, 0), ("http://127.0.0.1:9", 1)])
def test_the_start_up_table_tells_where_prometheus_is_if_there_is_one(tmp_path, address, lines):
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(start_up_table({**RUN, "prometheus": address}, Broker.EMBEDDED, tmp_path))
    assert console.export_text().count(str(address)) == lines
