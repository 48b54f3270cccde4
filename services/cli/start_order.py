"""What a person asked `onboarding start` for."""

from dataclasses import dataclass
from typing import Any

from services.cli.options import Output

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Order:
    """A file (`-`: stdin), or partner data by flags; and what holds for all of it."""

    file: str | None
    partner_data: dict[str, Any]
    journey: str
    tenant: str
    correlation_id: str | None
    output: Output
    dry_run: bool
    wait_seconds: float | None

    @property
    def waits(self) -> bool:
        return self.wait_seconds is not None and not self.dry_run
