"""The file of an export: whole, exact, and refused with its line where it is none."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.envelope import Record
from services.cli.errors import CliError
from services.cli.replay.archive import Archive, read_archive, write_archive

TOPIC = "onboarding.contract-created"
RECORD = Record(TOPIC, 0, 7, b"key", b'{"a": 1}', (("ce_id", b"1"),), 1_700_000_000_000)
texts = st.binary(max_size=40) | st.text(max_size=20).map(
    lambda text: text.encode("utf-8", "ignore")
)


def written(path: Path, *records: Record, replaced: bool = False) -> Path:
    write_archive(path, Archive(records, replaced))
    return path


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    key=st.none() | texts,
    value=st.none() | texts,
    headers=st.lists(st.tuples(st.text(max_size=9), texts), max_size=3),
    offset=st.integers(0, 2**63 - 1),
)
def test_any_record_comes_back_as_it_was(tmp_path, key, value, headers, offset):
    record = Record(TOPIC, 3, offset, key, value, tuple(headers), 0)
    (tmp_path / "any.jsonl").unlink(missing_ok=True)
    path = written(tmp_path / "any.jsonl", record)
    assert read_archive(path) == Archive([record], replaced=False)


def test_it_is_readable_by_its_owner_alone_and_leaves_no_other_file(tmp_path):
    path = written(tmp_path / "one.jsonl", RECORD, replaced=True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["one.jsonl"]
    assert read_archive(path).replaced


def test_a_write_that_is_broken_off_leaves_nothing(tmp_path):
    broken = Archive([RECORD, object()], replaced=False)  # type: ignore[list-item]
    with pytest.raises(AttributeError):
        write_archive(tmp_path / "half.jsonl", broken)
    assert list(tmp_path.iterdir()) == []


class Slow(list[Record]):
    """While it is written somebody else makes the file."""

    path: Path

    def __iter__(self):
        self.path.write_text("of somebody else")
        return super().__iter__()


def test_a_file_that_is_made_meanwhile_is_not_written_over(tmp_path):
    records = Slow([RECORD])
    records.path = tmp_path / "one.jsonl"
    with pytest.raises(CliError, match=r"one\.jsonl: the file exists") as error:
        write_archive(records.path, Archive(records, replaced=False))
    assert error.value.exit_code == 2
    assert records.path.read_text() == "of somebody else"
    assert [one.name for one in tmp_path.iterdir()] == ["one.jsonl"]


def test_what_a_killed_write_left_goes_with_the_next_one_to_that_name(tmp_path):
    (tmp_path / ".one.jsonl-ab_c1234.part").write_text("half")
    others = [".one.jsonl-x.part", ".two.jsonl-ab_c1234.part", ".one.jsonl-two-ab_c1234.part"]
    for name in others:
        (tmp_path / name).write_text("of others")
    written(tmp_path / "one.jsonl", RECORD)
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted([*others, "one.jsonl"])


def spoilt(path: Path, number: int, **changes: object) -> None:
    """A field of that line set to something else; `...` takes it away."""
    lines = path.read_text().splitlines()
    line = {**json.loads(lines[number - 1]), **changes}
    lines[number - 1] = json.dumps(
        {name: value for name, value in line.items() if value is not ...}
    )
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("number", "changes", "told"),
    [
        (1, {"format": "other/1"}, ":1: is no head of an export (onboarding-replay/1)"),
        (1, {"records": "2"}, ":1: the head needs records and personal_data"),
        (1, {"records": 3}, ": 3 records were exported, and 2 are there: it was cut short"),
        (2, {"offset": -1}, ":2: offset is no number from 0"),
        (2, {"partition": True}, ":2: partition is no number from 0"),
        (3, {"topic": "other"}, ":3: its topic is none of this system"),
        (3, {"value": ..., "key": ...}, ":3: key, value missing"),
        (3, {"headers": {}}, ":3: headers is no list"),
        (3, {"headers": [["a"]]}, ":3: a header is [name, value]"),
        (3, {"headers": [["a", 7]]}, ':3: header a is neither text nor {"base64": "..."}'),
        (3, {"value": {"base64": "?"}}, ':3: value is neither text nor {"base64": "..."}'),
        (3, {"offset": 7}, ":3: the same place in the log as line 2"),
    ],
)
def test_a_line_that_is_none_is_named_with_its_file(tmp_path, number, changes, told):
    other = Record(TOPIC, 0, 8, None, b"{}", (), 0)
    path = written(tmp_path / "bad.jsonl", RECORD, other)
    spoilt(path, number, **changes)
    with pytest.raises(CliError) as error:
        read_archive(path)
    assert str(error.value).startswith(f"{path}{told}")
    assert error.value.exit_code == 2


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", ": is empty: no export"),
        (b"\n", ": is empty: no export"),
        (b"{", ":1: not JSON"),
        (b"[]", ":1: not a JSON object"),
        (b"\xff", ": not UTF-8 text"),
        (b'{"format": "onboarding-replay/1", "records": 1, "personal_data": "kept"}\n{"to', ":2: not JSON"),
    ],
)  # fmt: skip
def test_what_is_no_export_at_all_is_said_so(tmp_path, content, told):
    path = tmp_path / "none.jsonl"
    path.write_bytes(content)
    with pytest.raises(CliError) as error:
        read_archive(path)
    assert f"{path}{told}" in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CliError, match="No such file"):
        read_archive(tmp_path / "nothing.jsonl")
