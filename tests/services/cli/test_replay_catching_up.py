"""A rebuild that was stopped while it caught up folds what it kept, before anything is swapped."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from services.cli.errors import CliError
from services.cli.replay import rebuild

PROGRESS: Any = SimpleNamespace(folded=[True, True])


@dataclass
class Site:
    """How many events are still missing at each look; what was folded; when it is stopped."""

    missing: list[int]
    stopped_at_fold: int = 0
    folded: int = 0
    unfolded: int = 0

    async def do(self, phase: str, _: Any, tasks: Any, done: int, total: int) -> list[int]:
        if phase == "keeping":
            found = self.missing.pop(0)
            self.unfolded += found
            return [found]
        self.folded += 1
        if self.folded == self.stopped_at_fold:
            raise SystemExit
        self.unfolded = 0
        return []


async def test_what_was_kept_and_not_folded_is_folded_by_the_next_run():
    site: Any = Site([2, 0], stopped_at_fold=1)
    with pytest.raises(SystemExit):
        await rebuild._catch_up(site, PROGRESS)
    assert site.unfolded == 2
    await rebuild._catch_up(site, PROGRESS)
    assert site.unfolded == 0


async def test_a_projection_that_goes_on_without_it_is_not_swapped():
    site: Any = Site([1, 1, 1])
    with pytest.raises(CliError, match="Nothing was swapped"):
        await rebuild._catch_up(site, PROGRESS)


def test_without_mongodb_a_rebuild_ends_in_one_line_that_says_how_to_go_on(
    bare, onboarding, monkeypatch
):
    monkeypatch.setenv("ONBOARDING_KAFKA", "127.0.0.1:1")
    monkeypatch.setenv("ONBOARDING_MONGO", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100")
    ended = onboarding("replay", "rebuild")
    assert ended.code == 3
    assert ended.error == (
        "onboarding: MongoDB at mongodb://127.0.0.1:1/ does not answer (ServerSelectionTimeoutError): "
        "`onboarding doctor`; then `onboarding replay rebuild` goes on where it stopped"
    )
