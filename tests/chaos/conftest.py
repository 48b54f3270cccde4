"""What the chaos tests found, in figures; with ONBOARDING_CHAOS_REPORT they are written there."""

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.bench.reporting import figure, write_report


@dataclass
class Found:
    """`seed`: ONBOARDING_CHAOS_SEED repeats what was drawn from it."""

    seed: int
    figures: list[dict[str, Any]] = field(default_factory=list)

    def add(self, name: str, value: float, unit: str, goal: float | None = None) -> None:
        """A goal is the most that it may be."""
        self.figures.append(figure(name, value, unit, goal, at_most=True))


@pytest.fixture(scope="session")
def found() -> Iterator[Found]:
    drawn = os.environ.get("ONBOARDING_CHAOS_SEED") or random.SystemRandom().randrange(2**32)
    here = Found(int(drawn))
    yield here
    if file := os.environ.get("ONBOARDING_CHAOS_REPORT"):
        write_report(here.figures, Path(file), here.seed)
