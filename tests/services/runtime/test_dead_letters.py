"""Dead letters: the record as it was, and headers that tell where it was and what was wrong."""

from dataclasses import replace

import pytest
from runtime_given import READER, header, record

from contracts import ids
from contracts.poison import PoisonError
from services.runtime.dead_letters import COPY_MAX_BYTES, dead_letter
from services.runtime.delivery import read
from services.runtime.kafka import REQUEST_MAX_BYTES
from services.runtime.topics import DEAD_LETTER_MAX_BYTES

WRONG = PoisonError("INVALID_JSON", "the value is not JSON (line 1, column 2)")
STRANGE = record("ContractCreated", raw=b"\xff{", offset=12)
STRANGE = replace(
    STRANGE,
    partition=3,
    key=b"\x00\xff",
    headers=(
        ("ce_id", b"1"),
        ("ce_id", b"2"),
        ("null", None),
        ("binary", b"\xfe"),
        ("dlq_id", b"old"),
    ),
)


def test_key_value_and_headers_are_untouched():
    letter = dead_letter(STRANGE, "contract", WRONG)
    assert (letter.key, letter.value) == (STRANGE.key, STRANGE.value)
    assert tuple(letter.headers)[: len(STRANGE.headers)] == STRANGE.headers


def test_where_when_who_and_why_are_told():
    letter = dead_letter(STRANGE, "contract", WRONG, attempts=3)
    told = {k: v.decode() for k, v in tuple(letter.headers)[len(STRANGE.headers) :]}
    assert told == {
        "dlq_id": ids.dead_letter_id("onboarding.contract-created", 3, 12),
        "dlq_topic": "onboarding.contract-created",
        "dlq_partition": "3",
        "dlq_offset": "12",
        "dlq_time": str(STRANGE.timestamp_ms),
        "dlq_service": "contract",
        "dlq_error_class": "INVALID_JSON",
        "dlq_error": "the value is not JSON (line 1, column 2)",
        "dlq_attempts": "3",
    }
    assert letter.event_id == told["dlq_id"]


def test_it_goes_to_the_topic_of_the_service_that_could_not_read_it():
    assert dead_letter(STRANGE, "saga-state", WRONG, "t1-").topic == "t1-onboarding.saga-state.dlq"


def test_the_same_record_has_the_same_dead_letter_for_every_hearer_and_every_time():
    first, again = dead_letter(STRANGE, "contract", WRONG), dead_letter(STRANGE, "contract", WRONG)
    assert first == again
    assert dead_letter(STRANGE, "documents", WRONG).event_id == first.event_id
    assert dead_letter(replace(STRANGE, offset=13), "contract", WRONG).event_id != first.event_id


def test_a_value_too_large_to_be_copied_is_left_out_and_its_size_told():
    large = replace(STRANGE, value=b"x" * (COPY_MAX_BYTES + 1))
    letter = dead_letter(large, "contract", WRONG)
    assert letter.value is None
    assert header(letter, "dlq_value_left_out") == str(COPY_MAX_BYTES + 1)
    assert tuple(letter.headers)[: len(large.headers)] == large.headers


def test_the_largest_record_that_event_topics_take_is_copied_whole():
    mebibyte = replace(STRANGE, value=b"x" * 1_048_576)
    letter = dead_letter(mebibyte, "contract", WRONG)
    assert letter.value == mebibyte.value
    assert header(letter, "dlq_value_left_out") is None


def test_headers_count_towards_the_size():
    wide = replace(STRANGE, value=b"x" * 900_000, headers=(("wide", b"y" * 400_000),))
    letter = dead_letter(wide, "contract", WRONG)
    assert letter.value is None
    assert size(letter) < min(DEAD_LETTER_MAX_BYTES, REQUEST_MAX_BYTES)


def test_a_copy_with_its_coordinates_always_fits_where_it_goes():
    largest = replace(STRANGE, value=b"x" * (COPY_MAX_BYTES - 200), headers=(("h", b"y" * 100),))
    long_words = PoisonError("UNKNOWN_TYPE", "w" * 2_000)
    letter = dead_letter(largest, "contract", long_words, prefix="p" * 40)
    assert letter.value is not None
    assert size(letter) < min(DEAD_LETTER_MAX_BYTES, REQUEST_MAX_BYTES)


def test_reading_tells_what_could_not_be_read_and_why():
    batch = [STRANGE, record("ContractCreated"), replace(STRANGE, value=b"")]
    events, poisoned = read(batch, READER)
    assert [event.name for event in events] == ["ContractCreated"]
    assert [one.record for one in poisoned] == [batch[0], batch[2]]
    for one in poisoned:
        letter = one.letter("contract", "t1-")
        assert letter == dead_letter(one.record, "contract", one.error, "t1-")
        assert header(letter, "dlq_error_class") == one.error.error_class


def size(letter) -> int:
    head = sum(len(name) + len(value or b"") + 10 for name, value in letter.headers)
    return len(letter.key or b"") + len(letter.value or b"") + head + 100


@pytest.mark.parametrize(
    ("changes", "left_out"),
    [
        ({"headers": (("wide", b"0" * 3_000_000),)}, {"value", "headers"}),
        ({"key": b"k" * 2_000_000}, {"value", "headers", "key"}),
        ({"key": b"k" * 700_000, "value": b"v" * 1_000_000}, {"value"}),
        ({"headers": tuple((f"h{n}", b"") for n in range(150_000))}, {"value", "headers"}),
    ],
)
def test_what_does_not_fit_is_left_out_and_said(changes, left_out):
    letter = dead_letter(replace(STRANGE, **changes), "contract", WRONG)
    assert size(letter) < min(DEAD_LETTER_MAX_BYTES, REQUEST_MAX_BYTES)
    told = {name for name, _ in letter.headers if name.endswith("_left_out")}
    assert told == {f"dlq_{part}_left_out" for part in left_out}
