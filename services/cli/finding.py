"""What the doctor finds: ok, warn or fail, and what to do about it."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    state: State
    what: str
    found: str
    remedy: str = ""

    @property
    def row(self) -> dict[str, str]:
        return {
            "state": self.state,
            "what": self.what,
            "found": self.found,
            "remedy": self.remedy,
        }


def ok(what: str, found: str) -> Finding:
    return Finding("ok", what, found)


def warn(what: str, found: str, remedy: str) -> Finding:
    """Not as it could be, but what is asked of it works."""
    return Finding("warn", what, found, remedy)


def fail(what: str, found: str, remedy: str) -> Finding:
    """It will not work so."""
    return Finding("fail", what, found, remedy)
