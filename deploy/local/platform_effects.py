"""What the sandbox platform did: a file with a JSON line per call that meant something.

    created   a first PUT was granted
    repeated  a PUT came again and was answered as the first
    refused   a PUT was answered no (status 422), or came after its undo (status 410)
    removed   a DELETE took away what was created
    blocked   a DELETE came with nothing to take away: a PUT that comes later is refused

What the platform knows is the sum of these lines, so a restart loses nothing. A line is with the
operating system before its call is answered.
"""

import errno
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

MOST_BYTES = 256 * 1024 * 1024
OK, NO_CONTENT, GONE, REFUSED = 200, 204, 410, 422
What = Literal["created", "repeated", "refused", "removed", "blocked"]


class LogRefusedError(Exception):
    """The file is not a log of effects."""


class LogFullError(Exception):
    """The file is as large as it may become."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One line. `status` is how the call was answered; `time` is ISO 8601, in UTC."""

    what: What
    step: str
    saga: str
    key: str
    partner_id: str | None
    status: int
    time: str


class Effects:
    """The log, and what it adds up to: per step and saga the effect that decides."""

    def __init__(
        self, file: Path, now: Callable[[], datetime], most_bytes: int = MOST_BYTES
    ) -> None:
        """Reads what is there. LogRefusedError names the line that is none."""
        self._now, self._most_bytes = now, most_bytes
        self._deciding: dict[tuple[str, str], Effect] = {}
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file.open("a+b", buffering=0)
        self._size = self._read()

    def deciding(self, step: str, saga: str) -> Effect | None:
        """The effect that decides how the next call is answered; None: it is not known."""
        return self._deciding.get((step, saga))

    def do(self, step: str, saga: str, key: str, partner_id: str, refuse: bool) -> Effect:
        """A PUT. The first answer is final; `refuse` makes a first one a no."""
        known = self.deciding(step, saga)
        if known is None:
            what: What = "refused" if refuse else "created"
            status = REFUSED if refuse else OK
        elif known.status == NO_CONTENT:
            what, status = "refused", GONE
        else:
            what, status = "repeated", known.status
        return self._write(Effect(what, step, saga, key, partner_id, status, self._time()))

    def do_anew(self, step: str, saga: str, key: str, partner_id: str) -> Effect:
        """A PUT to a platform that ignores keys: it creates, whatever was before."""
        return self._write(Effect("created", step, saga, key, partner_id, OK, self._time()))

    def undo(self, step: str, saga: str, key: str) -> None:
        """A DELETE. After the first one it means nothing."""
        known = self.deciding(step, saga)
        if known is not None and known.status == NO_CONTENT:
            return
        what: What = "removed" if known and known.status == OK else "blocked"
        partner_id = known.partner_id if known else None
        self._write(Effect(what, step, saga, key, partner_id, NO_CONTENT, self._time()))

    def _write(self, effect: Effect) -> Effect:
        line = json.dumps(asdict(effect)).encode() + b"\n"
        if self._size + len(line) > self._most_bytes:
            raise LogFullError
        if self._file.write(line) != len(line):  # the disk is full: no half of a line may stay
            self._file.truncate(self._size)
            raise OSError(errno.ENOSPC, "the effect log could not be written")
        self._size += len(line)
        self._take(effect)
        return effect

    def _take(self, effect: Effect) -> None:
        if effect.what != "repeated" and effect.status != GONE:
            self._deciding[effect.step, effect.saga] = effect

    def _read(self) -> int:
        """The size up to the last whole line: what comes after it was never answered."""
        self._file.seek(0)
        size = 0
        for number, line in enumerate(self._file, 1):
            if not line.endswith(b"\n"):
                break
            try:
                self._take(Effect(**json.loads(line)))
            except (ValueError, TypeError):
                text = f"{self._file.name}: line {number} is no effect; name another file"
                raise LogRefusedError(text) from None
            size += len(line)
        self._file.truncate(size)
        return size

    def _time(self) -> str:
        return self._now().isoformat(timespec="milliseconds")
