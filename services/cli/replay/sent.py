"""How many records of a replay were sent, noted in a file beside the imports."""

import json
from pathlib import Path

from services.cli.errors import USAGE, CliError


class Sent:
    """`count` of `total` were sent. `again`: what was sent whole begins anew, and only that."""

    def __init__(self, path: Path, total: int, again: bool) -> None:
        self._path, self.total = path, total
        self.replay_id = path.name.removesuffix(".sent.json")
        known = _known(path)
        self.count = 0 if again and known >= total else known

    def note(self, count: int, reason: str, by: str) -> None:
        """So many more; whole or not at all."""
        self.count += count
        told = {"sent": self.count, "of": self.total, "reason": reason, "by": by}
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(told))
        part.replace(self._path)


def _known(path: Path) -> int:
    """CliError (2) if nobody can tell from the file."""
    try:
        count = json.loads(path.read_text())["sent"]
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise CliError(f"{path}: {error.strerror}", USAGE) from None
    except (ValueError, TypeError, KeyError):
        count = None
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        line = "does not say how many records were sent"
        raise CliError(f"{path} {line}: remove it, and all of them are sent once more", USAGE)
    return count
