"""The state folder of one running stack: its lock, its logs, its health addresses, run.json."""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from deploy.local.errors import FolderRefused


@dataclass(frozen=True)
class StateFolder:
    """Paths only; `held` makes the folders and keeps others out."""

    root: Path  # absolute: children are started in other folders

    @property
    def run_file(self) -> Path:
        return self.root / "run.json"

    @property
    def scratch(self) -> Path:
        """What does not outlive a run: empty at its start, gone after it."""
        return self.root / "scratch"

    def log(self, name: str) -> Path:
        return self.root / "logs" / f"{name}.log"

    @property
    def targets_file(self) -> Path:
        """What a Prometheus is to scrape, in the form of its file_sd_configs."""
        return self.root / "targets.json"

    def health_file(self, name: str) -> Path:
        return self.root / "health" / name

    def gateway_file(self, name: str = "gateway") -> Path:
        return self.root / "health" / f"{name}.url"

    @property
    def key_file(self) -> Path:
        """The API key of this stack; it is kept, so that who exported it can go on."""
        return self.root / "api-key"

    def gateway_url(self, name: str = "gateway") -> str | None:
        """Where that gateway answers; None until it does."""
        return _line_of(self.gateway_file(name))

    def health_url(self, name: str) -> str | None:
        """The address that the process itself wrote; None until it has."""
        return _line_of(self.health_file(name))

    def fresh_log(self, name: str) -> None:
        """Put the log of the run before this one aside as `<name>.log.1`."""
        if self.log(name).exists():
            self.log(name).replace(self.root / "logs" / f"{name}.log.1")

    def write_run_file(self, content: Mapping[str, object]) -> None:
        """Whole or not at all, and for its owner only: an address may hold a password."""
        self._write(self.run_file, json.dumps(content, indent=2))

    def write_targets(self, text: str) -> None:
        """Whole or not at all."""
        self._write(self.targets_file, text)

    def _write(self, path: Path, text: str) -> None:
        handle, temporary = tempfile.mkstemp(dir=self.root, prefix=".run-")
        try:
            with os.fdopen(handle, "w") as file:
                file.write(text)
            Path(temporary).replace(path)
        except OSError:  # of a full disk, the half of it is not to stay
            Path(temporary).unlink(missing_ok=True)
            raise

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the folder for this process; FolderRefused says who has it already."""
        (self.root / "logs").mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.root / "lock").open("a+") as lock:
            _take(lock, self.root)
            self._clear()
            (self.root / "health").mkdir(mode=0o700)
            try:
                yield
            finally:
                with suppress(OSError):  # what stays is not believed: its holder is gone
                    self._clear()

    def _clear(self) -> None:
        """Remove what is true only while it runs."""
        for file in (self.run_file, self.targets_file):
            file.unlink(missing_ok=True)
        for folder in (self.scratch, self.root / "health"):
            shutil.rmtree(folder, ignore_errors=True)


def _line_of(file: Path) -> str | None:
    try:
        return file.read_text().strip() or None
    except FileNotFoundError:
        return None


def _take(lock: TextIO, root: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        raise FolderRefused(f"{root} is in use by process {holder}") from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
