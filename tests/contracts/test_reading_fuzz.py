"""Whatever stands in a record, reading it gives an event or a PoisonError, nothing else."""

import contextlib

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from made_records import TYPE, record, source_that_says

from contracts.envelope import Event, Record
from contracts.events import EVENTS
from contracts.poison import PoisonError
from contracts.reading import Reader
from contracts.topics import event_topic

pytestmark = pytest.mark.slow

NAMES = sorted({name for name, _ in EVENTS})
HEADER_NAMES = [
    "ce_type",
    "CE_ID",
    "ce_source",
    "ce_time",
    "ce_journey",
    "ce_tenantid",
    "ce_sagaid",
    "ce_subject",
    "ce_correlationid",
    "traceparent",
    "content-type",
]
TEXTS = st.sampled_from(
    [
        "",
        "x",
        "partner-onboarding/1",
        "partner-creation",
        "default",
        "application/cloudevents+json",
        "2026-01-01",
        "9999-12-31T23:59:59-14:00",
        *map(TYPE.format, NAMES),
    ]
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(HEADER_NAMES) | st.text(),
        TEXTS.map(str.encode) | st.binary(max_size=40) | st.none(),
    ),
    max_size=14,
)
FIELDS = [
    "partner_data",
    "partner",
    "partner_id",
    "kind",
    "wishes",
    "failed_step",
    "step",
    "code",
    "reason",
    "requested_by",
    "outcome",
    "contract",
    "monthly_budget",
    "seats",
    "answer_within_seconds",
    "type",
    "source",
    "id",
    "data",
    "data_base64",
    "time",
    "correlation_id",
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["EMPRESA", "documents", "undone"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6).map(orjson.dumps)
READER = Reader()


def read_or_poison(given_record: Record) -> None:
    with contextlib.suppress(PoisonError):
        assert isinstance(READER.read(given_record), Event)


@settings(max_examples=300)
@given(
    st.sampled_from(NAMES),
    st.binary(max_size=200) | OBJECTS,
    HEADERS,
    st.integers(-(2**63), 2**63 - 1),
)
@example(
    "PartnerOnboardingInitiated",
    b"{}",
    [
        ("ce_type", TYPE.format("PartnerOnboardingInitiated").encode()),
        ("ce_id", b"1"),
        ("ce_source", b"/x"),
    ],
    2**63 - 1,
)
def test_any_record_is_read_or_is_poison(name, value, headers, timestamp_ms):
    read_or_poison(Record(event_topic(name), 0, 0, None, value, tuple(headers), timestamp_ms))


@settings(max_examples=400)
@given(st.sampled_from(NAMES), OBJECTS)
def test_any_body_in_a_good_envelope_is_read_or_is_poison(name, value):
    source = source_that_says(name, "documents")
    read_or_poison(record(value, name, ce_sagaid="s-1", ce_source=source))


@settings(max_examples=200)
@given(OBJECTS)
def test_a_good_envelope_with_any_json_object_is_a_start_that_is_read(value):
    body = orjson.loads(value)
    if "type" in body:
        body.pop("type")
    assert READER.read(record(orjson.dumps(body))).body == body


@pytest.mark.parametrize("depth", [10, 64, 65, 254, 255, 1023, 1024, 1025, 50_000])
@pytest.mark.parametrize("name", NAMES)
def test_any_depth_is_read_or_is_poison(name, depth):
    for opening, closing in ((b'{"partner":', b"}"), (b'{"wishes":', b"}")):
        read_or_poison(record(opening * depth + b"1" + closing * depth, name, ce_sagaid="s-1"))
