"""The file of an export: JSON lines, a head and then a record a line, in the order of their times.

The head says how many records follow, so that a file that was cut short is known as such. Keys,
header values and values are text, or base64 where they are not UTF-8: `{"base64": "..."}`. Topics
stand without what is before their names in a system (ONBOARDING_PREFIX).
"""

import base64
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.envelope import Record
from saga_state.hearing import topics_heard
from services.cli.errors import USAGE, CliError

_HALF = ".part"
FORMAT = "onboarding-replay/1"
_FIELDS = frozenset({"topic", "partition", "offset", "timestamp_ms", "key", "headers", "value"})


@dataclass(frozen=True, slots=True)
class Archive:
    """Records, and whether personal data in them was replaced."""

    records: Sequence[Record]
    replaced: bool

    @property
    def personal_data(self) -> str:
        """`kept` or `replaced`."""
        return "replaced" if self.replaced else "kept"


def write_archive(path: Path, archive: Archive) -> None:
    """A new file, whole or not at all, for its owner only. CliError (2) if it is there, or cannot
    be written."""
    try:
        _remove_halves(path)
        handle, temporary = tempfile.mkstemp(_HALF, f".{path.name}-", path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.writelines(f"{json.dumps(line)}\n" for line in _lines(archive))
            _name(Path(temporary), path)
        except BaseException:  # of a full disk, or Ctrl-C: the half of it is not to stay
            Path(temporary).unlink(missing_ok=True)
            raise
    except FileExistsError:
        raise CliError(f"{path}: the file exists", USAGE) from None
    except OSError as error:
        raise CliError(f"{path}: {error.strerror}", USAGE) from None


def read_archive(path: Path) -> Archive:
    """CliError (2) names the file and the first line that is none."""
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        raise CliError(f"{path}: not UTF-8 text", USAGE) from None
    except OSError as error:
        raise CliError(f"{path}: {error.strerror}", USAGE) from None
    if not text.strip():
        raise CliError(f"{path}: is empty: no export", USAGE)
    lines = text.removesuffix("\n").split("\n")
    head = _head(lines[0], path)
    records = [_record(text, f"{path}:{number}") for number, text in enumerate(lines[1:], 2)]
    if len(records) != head["records"]:
        told = f"{head['records']} records were exported, and {len(records)} are there"
        raise CliError(f"{path}: {told}: it was cut short, or lines were added", USAGE)
    _check_places(records, path)
    return Archive(records, head["personal_data"] == "replaced")


def _remove_halves(path: Path) -> None:
    """What a write to that name left that was killed."""
    half = re.compile(rf"\.{re.escape(path.name)}-[a-z0-9_]{{8}}{re.escape(_HALF)}")
    for one in path.parent.iterdir():
        if half.fullmatch(one.name):
            one.unlink(missing_ok=True)


def _name(temporary: Path, path: Path) -> None:
    """The name is taken first: what somebody made there meanwhile is never written over. A hard
    link would do both at once, but not on every file system."""
    path.touch(mode=0o600, exist_ok=False)
    try:
        temporary.replace(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _lines(archive: Archive) -> Iterator[Mapping[str, Any]]:
    count, personal = len(archive.records), archive.personal_data
    yield {"format": FORMAT, "records": count, "personal_data": personal}
    for one in archive.records:
        yield {
            "topic": one.topic,
            "partition": one.partition,
            "offset": one.offset,
            "timestamp_ms": one.timestamp_ms,
            "key": _text(one.key),
            "headers": [[name, _text(value)] for name, value in one.headers],
            "value": _text(one.value),
        }


def _text(value: bytes | None) -> Any:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}


def _head(text: str, path: Path) -> dict[str, Any]:
    head = _object(text, f"{path}:1")
    if head.get("format") != FORMAT:
        raise CliError(f"{path}:1: is no head of an export ({FORMAT})", USAGE)
    known = head.get("personal_data") in ("kept", "replaced")
    if not isinstance(head.get("records"), int) or not known:
        raise CliError(f"{path}:1: the head needs records and personal_data", USAGE)
    return head


def _record(text: str, place: str) -> Record:
    found = _object(text, place)
    if missing := sorted(_FIELDS - found.keys()):
        raise CliError(f"{place}: {', '.join(missing)} missing", USAGE)
    if found["topic"] not in topics_heard():
        raise CliError(f"{place}: its topic is none of this system", USAGE)
    if not isinstance(found["headers"], list):
        raise CliError(f"{place}: headers is no list", USAGE)
    return Record(
        topic=found["topic"],
        partition=_number(found, "partition", place),
        offset=_number(found, "offset", place),
        key=_bytes(found["key"], f"{place}: key"),
        value=_bytes(found["value"], f"{place}: value"),
        headers=tuple(_header(one, place) for one in found["headers"]),
        timestamp_ms=_number(found, "timestamp_ms", place),
    )


def _header(pair: Any, place: str) -> tuple[str, bytes]:
    if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], str):
        raise CliError(f"{place}: a header is [name, value]", USAGE)
    return pair[0], _bytes(pair[1], f"{place}: header {pair[0]}") or b""


def _number(found: Mapping[str, Any], name: str, place: str) -> int:
    value = found[name]
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise CliError(f"{place}: {name} is no number from 0", USAGE)
    return value


def _bytes(value: Any, place: str) -> bytes | None:
    if value is None:
        return None
    if isinstance(value, str):
        return value.encode(errors="surrogatepass")
    try:
        return base64.b64decode(value["base64"], validate=True)
    except (TypeError, KeyError, ValueError):
        raise CliError(f'{place} is neither text nor {{"base64": "..."}}', USAGE) from None


def _object(text: str, place: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise CliError(f"{place}: not JSON", USAGE) from None
    if not isinstance(found, dict):
        raise CliError(f"{place}: not a JSON object", USAGE)
    return found


def _check_places(records: Iterable[Record], path: Path) -> None:
    lines: dict[tuple[str, int, int], int] = {}
    for number, one in enumerate(records, 2):
        first = lines.setdefault((one.topic, one.partition, one.offset), number)
        if first != number:
            raise CliError(f"{path}:{number}: the same place in the log as line {first}", USAGE)
