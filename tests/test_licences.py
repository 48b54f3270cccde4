"""The licences of all that is installed here: which we take, and the few that need a word."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sources import ROOT

TAKEN = ("MIT", "BSD", "Apache", "ISC", "PSF", "Python", "Unlicense", "MPL", "Mozilla", "Repoze")
COPYLEFT = re.compile(r"GPL|MPL|Mozilla|EUPL|CDDL|EPL|SSPL")
# Copyleft of single files: we use these as they are, and change none of their files.
WEAK = {"certifi", "hypothesis", "orjson", "pathspec"}
# Its package names none; a tool of tests that is shipped nowhere.
NOT_TOLD = {"jsoncompat"}


@pytest.fixture(scope="module")
def licences() -> dict[str, str]:
    """By package, our own left out."""
    program = Path(sys.executable).with_name("pip-licenses")
    argv = [program, "--format=json", "--from=mixed", "--python", sys.executable]
    told = json.loads(subprocess.run(argv, check=True, capture_output=True, timeout=120).stdout)
    found = {one["Name"].lower(): one["License"] for one in told}
    found.pop("hexabuilders-onboarding", None)
    return found


def test_every_licence_is_one_that_we_take(licences):
    unknown = {
        name: told
        for name, told in licences.items()
        if name not in NOT_TOLD and not any(one in told for one in TAKEN)
    }
    assert unknown == {}


def test_what_is_copyleft_is_known_by_name(licences):
    found = {name for name, told in licences.items() if COPYLEFT.search(told)}
    assert found <= WEAK
    strong = [name for name, told in licences.items() if re.search(r"GPL|SSPL", told)]
    assert strong == []


def test_what_tells_no_licence_is_none_that_a_service_needs(licences):
    services, _, tools = (ROOT / "pyproject.toml").read_text().partition("[project.optional")
    assert {name for name in licences if licences[name] == "UNKNOWN"} <= NOT_TOLD
    assert not any(f'"{name}' in services for name in NOT_TOLD)
    assert all(f'"{name}' in tools for name in NOT_TOLD)


def test_security_md_names_what_is_copyleft():
    text = (ROOT / "SECURITY.md").read_text()
    assert [name for name in sorted({*WEAK, *NOT_TOLD}) if name not in text] == []


# By file, the one that holds its licence, and a line of that which says what it is.
VENDORED = {
    "services/gateway/dashboard/static/vendor/htmx.min.js": ("htmx.LICENSE", "Zero-Clause BSD"),
    "services/gateway/dashboard/static/vendor/hx-sse.min.js": ("htmx.LICENSE", "Zero-Clause BSD"),
    "services/gateway/dashboard/static/vendor/uPlot.iife.min.js": ("uPlot.LICENSE", "MIT License"),
    "services/gateway/dashboard/static/vendor/uPlot.min.css": ("uPlot.LICENSE", "MIT License"),
    "tests/ui/vendor/axe.min.js": ("axe-core.LICENSE", "Mozilla Public License, version 2.0"),
}


def test_what_is_not_ours_lies_beside_its_licence_and_nothing_else_lies_there():
    there = [one for top in ("services", "tests") for one in (ROOT / top).rglob("vendor/*")]
    found = {str(one.relative_to(ROOT)) for one in there if "LICENSE" not in one.name}
    assert found == set(VENDORED)
    for path, (name, line) in VENDORED.items():
        assert line in (ROOT / path).with_name(name).read_text()
