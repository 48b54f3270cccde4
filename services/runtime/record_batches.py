"""Reading record batches in which a header's name is not UTF-8.

aiokafka decodes header names strictly, below everything of ours: one such record would end each
consumer of its topic, again and again. A batch that cannot be read so is read again by aiokafka's
batch in pure Python, with what is not UTF-8 written as escapes; reading.py then judges it.
"""

from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords

BATCH_START = 12  # base offset (8 bytes), length of what follows (4)
MAGIC_AT, MAGIC_WITH_HEADERS = 16, 2


def tolerate_header_names() -> None:
    """From now on every consumer of this process reads such batches."""
    fetcher.MemoryRecords = TolerantRecords


class TolerantRecords:
    """MemoryRecords, with the bytes of each batch kept at hand."""

    def __init__(self, raw: bytes) -> None:
        self._raw, self._at, self._records = memoryview(raw), 0, MemoryRecords(raw)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)

    def next_batch(self) -> Any:
        length = int.from_bytes(self._raw[self._at + 8 : self._at + BATCH_START], "big")
        end = self._at + BATCH_START + length
        raw, self._at = self._raw[self._at : end], end
        batch = self._records.next_batch()
        if batch is None or raw[MAGIC_AT] < MAGIC_WITH_HEADERS:
            return batch
        return _Batch(batch, raw)


class _Batch:
    """The fast batch; from where it gives up, the tolerant one."""

    def __init__(self, batch: Any, raw: memoryview) -> None:
        self._batch, self._raw = batch, raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __iter__(self) -> Iterator[Any]:
        given = 0
        try:
            for record in self._batch:
                given += 1
                yield record
        except UnicodeDecodeError:
            for index, record in enumerate(_TolerantBatch(bytearray(self._raw))):
                if index >= given:
                    yield record


class _TolerantBatch(_DefaultRecordBatchPy):
    """Its buffer decodes any bytes."""

    def _maybe_uncompress(self) -> None:
        super()._maybe_uncompress()
        self._buffer: Any = _AnyText(self._buffer)


class _AnyText(bytearray):
    """Bytes whose slices decode whatever they hold."""

    def decode(self, *_: Any) -> str:
        return bytes(self).decode("utf-8", "backslashreplace")

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return _AnyText(found) if isinstance(at, slice) else found
