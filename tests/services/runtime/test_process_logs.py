"""Logs of a process: JSON lines, foreign loggers in the same pipe, never the text of an error."""

import json
import subprocess
import sys

import pytest

SECRET = "ana@b.example"
PROGRAM = """
import logging, sys
import structlog
from services.runtime.logs import configure
from services.runtime.settings import load_settings

configure(load_settings(_env_file=None, log_level="{level}", log_format="{format}"), "contract")
log = structlog.get_logger()
SECRET = "ana@b.example"
{body}
"""


def lines(body: str, level: str = "INFO", format_: str = "json") -> list[str]:
    """What a process of its own writes: logging is set up once per process."""
    program = PROGRAM.format(body=body, level=level, format=format_)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=150
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


ERRORS = """
try:
    {SECRET: SECRET}[SECRET + "!"]
except KeyError as error:
    log.error("batch.failed", exc_info=error)
    log.exception("batch.failed")
    logging.getLogger("aiokafka.x").exception("aiokafka speaks")
    logging.getLogger("somebody").error("somebody speaks", exc_info=error)
"""
LEVELS = """
import datetime
log.debug("debug")
log.info("info", saga_id="s-1", when=datetime.date(2026, 3, 1))
log.warning("warning")
for name in ("aiokafka", "faust.app", "pymongo.topology", "asyncio", "somebody"):
    logging.getLogger(name).info("%s says %s", name, "info")
    logging.getLogger(name).warning("%s says %s", name, "warning")
"""


@pytest.fixture(scope="module")
def written() -> list[dict]:
    """As JSON, from INFO on."""
    return [json.loads(line) for line in lines(ERRORS + LEVELS)]


@pytest.fixture(scope="module")
def shown() -> str:
    """For a person, from ERROR on."""
    return "\n".join(lines(ERRORS + LEVELS, "ERROR", "console"))


def test_the_text_of_an_error_is_never_written_only_its_type(written):
    assert SECRET not in json.dumps(written)
    assert [line.get("error") for line in written][:4] == ["KeyError"] * 4


def test_the_text_of_an_error_is_never_shown_to_a_person_either(shown):
    assert SECRET not in shown
    assert shown.count("KeyError") == 4


def test_every_line_is_json_with_time_level_service_and_event(written):
    for line in written:
        assert {"timestamp", "level", "service", "event"} <= set(line)
        assert line["service"] == "contract"
        assert line["timestamp"].endswith("Z")


def test_fields_are_fields(written):
    (line,) = [line for line in written if line["event"] == "info"]
    assert (line["saga_id"], line["when"], line["level"]) == ("s-1", "2026-03-01", "info")


def test_what_is_below_the_level_is_left_out(written, shown):
    assert "debug" not in {line["event"] for line in written}
    assert "warning" not in shown
    assert "says" not in shown


def test_foreign_loggers_pass_the_same_pipe_the_noisy_ones_from_warnings_on(written):
    foreign = [line["event"] for line in written if " says " in line["event"]]
    quiet = ("aiokafka", "faust.app", "pymongo.topology", "asyncio")
    assert foreign == [
        *(f"{name} says warning" for name in quiet),
        "somebody says info",
        "somebody says warning",
    ]


def test_the_level_changes_while_loggers_are_in_use_foreign_ones_too():
    told = lines("""
from services.runtime.logs import set_level
for level in ("INFO", "DEBUG", "ERROR", "INFO"):
    set_level(level)
    log.debug("own.debug"), log.info("own.info"), log.error("own.error")
    logging.getLogger("somebody").debug("other.debug")
    logging.getLogger("aiokafka").debug("quiet.debug")
    log.error("--")
""")
    rounds = " ".join(json.loads(line)["event"] for line in told).split("--")
    assert [one.split() for one in rounds][:4] == [
        ["own.info", "own.error"],
        ["own.debug", "own.info", "own.error", "other.debug"],
        ["own.error"],
        ["own.info", "own.error"],
    ]


SIGNALS = """
import asyncio, os, signal
from services.runtime.lifecycle import level_on_signals

async def told(number):
    before = logging.root.level
    os.kill(os.getpid(), number)
    while logging.root.level == before:
        await asyncio.sleep(0.001)

async def main():
    level_on_signals(load_settings(_env_file=None, log_level="WARNING"))
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        await told(number)
        log.info(f"after {number.name}")

asyncio.run(main())
"""


def test_a_signal_makes_it_talk_and_another_as_the_settings_say():
    told = [json.loads(line) for line in lines(SIGNALS, "WARNING")]
    assert [one["event"] for one in told] == ["log.level", "after SIGUSR1", "log.level"]
    assert [one.get("level_now") for one in told] == ["DEBUG", None, "WARNING"]
