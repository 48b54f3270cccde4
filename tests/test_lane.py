"""A lane of `make test-all`: what failed once and then passed counts as passed, and is told."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sources import ROOT

pytestmark = pytest.mark.slow
RUN = (sys.executable, "-m", "pytest", "-q")
PASSES = "def test_passes():\n    pass\n"
FAILS_ONCE = """
from pathlib import Path
import pytest

def first(name):
    seen = Path(name)
    is_first = not seen.exists()
    seen.touch()
    return is_first

@pytest.fixture(scope="module")
def servers():
    assert not first("servers")

@pytest.mark.parametrize("one", ['"a" \\\\ [b]'])
def test_fails_once(one):
    assert not first("test")

def test_has_servers_once(servers):
    pass
"""
FAILS = """
def test_fails():
    assert False
"""
FAIL_ONCE_WITH_THEIR_SERVERS = """
from pathlib import Path
import pytest

@pytest.fixture(scope="module")
def servers():
    seen = Path("servers")
    is_first = not seen.exists()
    seen.touch()
    assert not is_first

@pytest.mark.parametrize("one", range(9))
def test_has_servers(servers, one):
    pass
"""
NAMES = """  test_it.py::test_fails_once["a" \\\\ [b]]
  test_it.py::test_has_servers_once
"""


@pytest.fixture(params=[(), ("-p", "xdist", "-n", "2", "--dist", "loadscope")], ids=["one", "two"])
def lane(tmp_path: Path, request: pytest.FixtureRequest):
    def run(*arguments: str, source: str = "", modules=1) -> subprocess.CompletedProcess[str]:
        for number in range(modules if source else 0):
            (tmp_path / f"test_it{number or ''}.py").write_text(source)
        command = ("bash", ROOT / "tests/lane.sh", *arguments)
        if arguments[0] == sys.executable:
            command += request.param
        return subprocess.run(
            command, cwd=tmp_path, env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            capture_output=True, text=True, check=False, timeout=180,
        )  # fmt: skip

    return run


def test_what_passes_the_second_time_is_told_then_and_at_the_end_and_not_by_the_next_run(lane):
    lane("begin")
    ended = lane(*RUN, source=PASSES + FAILS_ONCE)
    assert ended.returncode == 0, ended.stdout
    assert f"Once more, without the others:\n{NAMES}" in ended.stdout
    assert "1 failed, 1 passed, 1 error in " in ended.stdout
    assert "\n2 passed in " in ended.stdout
    assert NAMES in lane("told").stdout
    lane("begin")
    assert lane("told").stdout == ""


def test_what_fails_again_fails(lane):
    ended = lane(*RUN, source=FAILS)
    assert (ended.returncode, "Once more, without the others" in ended.stdout) == (1, True)
    assert lane("told").stdout == ""


def test_a_module_whose_servers_did_not_come_up_is_one(lane):
    ended = lane(*RUN, source=FAIL_ONCE_WITH_THEIR_SERVERS)
    assert (ended.returncode, "9 errors in " in ended.stdout) == (0, True), ended.stdout
    assert lane("told").stdout.count("test_it.py::test_has_servers[") == 9


def test_many_modules_that_fail_are_no_rare_order(lane):
    ended = lane(*RUN, source=FAILS, modules=4)
    assert (ended.returncode, "Once more" in ended.stdout) == (1, False)


def test_what_cannot_be_read_stays_so(lane):
    ended = lane(*RUN, source="import nothing_of_that_name")
    assert ended.returncode in (1, 2)  # xdist counts it as a test that failed


def test_nothing_is_told_where_all_passed(lane):
    ended = lane(*RUN, source=PASSES)
    assert (ended.returncode, lane("told").stdout) == (0, "")
