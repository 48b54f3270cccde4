"""Other code is asked what it knows: in a folder or a revision of git, and not in this process."""

import subprocess
from pathlib import Path

import pytest
from versions_given import changed, contracts_in, with_second_version, without_documents

from contracts.journey import JOURNEYS
from services.cli.errors import CliError
from services.cli.versions.code import other_code, this_code

pytestmark = pytest.mark.slow
NEXT = ("partner-onboarding", 2)


def test_the_same_code_knows_the_same():
    from tests.sources import ROOT

    assert other_code(str(ROOT)) == this_code()


def test_a_version_more_is_known_there_and_not_here(tmp_path):
    found = other_code(str(with_second_version(contracts_in(tmp_path))))
    assert [row.step for row in found.journeys[NEXT]][-1] == "campaigns"
    assert NEXT not in JOURNEYS
    assert NEXT not in this_code().journeys


def test_of_a_revision_what_was_committed_counts(tmp_path, monkeypatch):
    contracts_in(tmp_path)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "as it was")
    without_documents(tmp_path)
    git(tmp_path, "commit", "-qam", "without documents")
    monkeypatch.chdir(tmp_path / "contracts")
    old, new = other_code("HEAD~1"), other_code("HEAD")
    assert old == this_code()
    assert "documents" not in [row.step for row in new.journeys["partner-onboarding", 1]]
    with pytest.raises(CliError, match="neither a folder nor a revision here") as error:
        other_code("HEAD~7")
    assert (error.value.exit_code, "fatal" in str(error.value)) == (2, False)


def test_a_revision_without_our_code_is_told_so(tmp_path, monkeypatch):
    (tmp_path / "other").write_text("")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "another program")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CliError, match="--against HEAD: that revision has no contracts/") as error:
        other_code("HEAD")
    assert error.value.exit_code == 2


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("journey.py", "raise ValueError('not today')", "cannot be read: ValueError: not today"),
        ("journey.py", "import sys; sys.exit(3)", "cannot be read: it said nothing"),
    ],
)
def test_code_that_cannot_say_what_it_knows_is_told_in_a_line(tmp_path, file, text, told):
    changed(contracts_in(tmp_path), file, "from collections.abc", f"{text}\nfrom collections.abc")
    with pytest.raises(CliError, match=told) as error:
        other_code(str(tmp_path))
    assert error.value.exit_code == 1


def test_a_git_that_does_not_answer_is_told_in_a_line(tmp_path, monkeypatch):
    git = tmp_path / "git"
    git.write_text("#!/bin/sh\nexec /usr/bin/tail -f /dev/null\n")
    git.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CliError, match=r"--against HEAD: git took longer than 0\.2 s") as error:
        other_code("HEAD", seconds=0.2)
    assert error.value.exit_code == 1


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(CliError, match="that folder has no contracts/"):
        other_code(str(tmp_path))


def test_nothing_is_left_in_the_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    before = files(contracts_in(tmp_path))
    other_code(str(tmp_path))
    assert files(tmp_path) == before


def files(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example")
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, timeout=60)
