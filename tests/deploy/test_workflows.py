"""The workflows of CI are workflows, run the targets that developers run, and may do little."""

import re
import subprocess
import sys

import pytest
import yaml

from tests.sources import ROOT

FILES = sorted((ROOT / ".github/workflows").glob("*.yaml"))
TEXTS = {file.name: file.read_text() for file in FILES}
JOBS = [
    (name, job, told)
    for name, text in TEXTS.items()
    for job, told in yaml.safe_load(text)["jobs"].items()
]
TARGETS = {*re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)}


def told_of(*files) -> subprocess.CompletedProcess[str]:
    """What check-jsonschema says; it has the schema of workflows with it."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    return subprocess.run(
        [*command, "vendor.github-workflows", *files], capture_output=True, text=True, timeout=60
    )


def test_each_is_a_workflow():
    told = told_of(*FILES)
    assert told.returncode == 0, told.stdout


def test_what_is_no_workflow_is_found(tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text(TEXTS["ci.yaml"].replace("runs-on:", "runs:"))
    assert told_of(bad).returncode == 1


@pytest.mark.parametrize("name", TEXTS)
def test_every_target_that_it_makes_is_one_of_ours(name):
    made = {*re.findall(r"\bmake ([a-z-]+)", TEXTS[name])}
    assert made
    assert made <= TARGETS


def test_every_lane_of_the_makefile_is_run():
    run = [step.get("run") for _, _, job in JOBS for step in job.get("steps", [])]
    assert {"make lint", "make lint-image", "make test", ".ci/run", "make dist"} <= {*run}
    assert "make test-all" in (ROOT / ".ci/run").read_text()


def test_who_runs_containers_in_a_container_may_mount():
    """podman mounts file systems, which what Docker gives a container by itself does not allow."""
    ((_, _, job),) = [one for one in JOBS if one[1] == "all"]
    assert ".ci/run" in [step.get("run") for step in job["steps"]]
    assert job["container"]["options"] == "--privileged"


@pytest.mark.parametrize(("name", "job", "told"), JOBS)
def test_no_job_runs_for_ever(name, job, told):
    assert "uses" in told or told["timeout-minutes"] <= 120


@pytest.mark.parametrize("name", TEXTS)
def test_it_may_read_the_sources_and_no_more_but_to_attach_a_release(name):
    assert yaml.safe_load(TEXTS[name])["permissions"] == {"contents": "read"}
    more = {job: told["permissions"] for file, job, told in JOBS if "permissions" in told}
    assert more == {"publish": {"contents": "write"}}


def test_actions_have_a_version_and_come_from_github_alone():
    used = {one for text in TEXTS.values() for one in re.findall(r"uses: (\S+)", text)}
    assert [one for one in used if not re.fullmatch(r"actions/[a-z-]+@v\d+|\./\S+", one)] == []


def test_no_secret_is_read():
    assert [name for name, text in TEXTS.items() if "secrets." in text] == []


def test_the_matrix_has_every_python_that_the_package_takes():
    told = re.search(
        r'requires-python = ">=3\.(\d+),<3\.(\d+)"', (ROOT / "pyproject.toml").read_text()
    )
    assert told
    ours = [f"3.{minor}" for minor in range(int(told[1]), int(told[2]))]
    ((_, _, job),) = [one for one in JOBS if one[1] == "test"]
    assert job["strategy"]["matrix"]["python"] == ours
