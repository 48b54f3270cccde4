"""What the chaos tests found, in figures; with ONBOARDING_CHAOS_REPORT they are written there."""

import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.bench.pipeline import figure


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
        _write(here, Path(file))


def _write(found: Found, file: Path) -> None:
    memory = round(psutil.virtual_memory().total / 1e9)
    report = {
        "seed": found.seed,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": psutil.cpu_count(), "memory_gb": memory},
        "figures": found.figures,
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(report, indent=2) + "\n")
