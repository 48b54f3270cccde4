"""Batches in which a header's name is not UTF-8 are read; the others are read as before."""

import struct

import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c_py

from services.runtime.record_batches import TolerantRecords

PLAIN, GZIP = 0, 1
CRC_AT, ATTRIBUTES_AT = 17, 21


def batch(codec: int, *names: str) -> bytes:
    """A batch of one record per header name."""
    builder = DefaultRecordBatchBuilder(2, codec, False, -1, -1, -1, 100_000)
    for offset, name in enumerate(names):
        builder.append(offset, 1, b"key", b"value", headers=[(name, b"1")])
    return bytes(builder.build())


def broken(raw: bytes) -> bytes:
    """The header name `XXXX` becomes four bytes that are not UTF-8, under a right checksum."""
    changed = raw.replace(b"XXXX", b"\xff\xfe\xff\xfe")
    crc = calc_crc32c_py(changed[ATTRIBUTES_AT:])
    return changed[:CRC_AT] + struct.pack(">I", crc) + changed[ATTRIBUTES_AT:]


def names_in(raw: bytes) -> list[str]:
    records = TolerantRecords(raw)
    names = []
    while records.has_next():
        found = records.next_batch()
        assert found.validate_crc()
        names += [record.headers[0][0] for record in found]
    return names


def test_a_batch_with_a_name_that_is_not_utf8_is_read_whole():
    assert names_in(broken(batch(PLAIN, "a", "XXXX", "b"))) == ["a", r"\xff\xfe\xff\xfe", "b"]


def test_aiokafka_alone_does_not_read_it():
    with pytest.raises(UnicodeDecodeError):
        list(MemoryRecords(broken(batch(PLAIN, "XXXX"))).next_batch())


def test_the_batches_after_it_are_read_too():
    raw = broken(batch(PLAIN, "XXXX")) + batch(PLAIN, "c", "d") + batch(GZIP, "e")
    assert names_in(raw) == [r"\xff\xfe\xff\xfe", "c", "d", "e"]


def test_keys_and_values_of_such_a_batch_stay_bytes():
    record = next(iter(TolerantRecords(broken(batch(PLAIN, "XXXX"))).next_batch()))
    assert (bytes(record.key), bytes(record.value)) == (b"key", b"value")
    assert record.headers[0][1] == b"1"
