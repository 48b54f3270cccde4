"""What we write is read again as it was, with every header in its place."""

from datetime import UTC, datetime, timedelta, timezone

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_events import events_named
from made_records import source_that_says

from contracts import ids
from contracts.envelope import Context, Record, binary, time_text
from contracts.events import (
    EVENTS,
    CompensationCompleted,
    CompensationRequested,
    PartnerOnboardingInitiated,
    PartnerRegistrationCompleted,
    event_names,
)
from contracts.facts import Partner
from contracts.reading import Reader
from contracts.topics import event_topic

NOW = datetime(2026, 3, 3, 14, 15, 1, 250_000, tzinfo=UTC)
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
CONTEXT = Context("s-1", "acme", "p-1", "corr-1", "partner-onboarding", 1)
REGISTERED = PartnerRegistrationCompleted(partner=Partner(partner_id="p-1", kind="STARTUP"))
TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=40)
TIMES = st.datetimes(timezones=st.just(UTC)).filter(lambda time: time.year <= 9000)
PARTNER_IDS = st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True).filter(ids.is_partner_id)


def as_record(message):
    return Record(message.topic, 0, 0, message.key, message.value, message.headers, 0)


def said(data, context=CONTEXT, time=NOW, event_id="e-1", **more):
    return binary(
        event_topic(type(data).__name__),
        event_id,
        source_that_says(
            type(data).__name__, getattr(data, "step", getattr(data, "failed_step", None))
        ),
        time,
        data,
        context,
        **more,
    )


def test_the_headers_of_what_we_say():
    message = said(REGISTERED, causation_id="c-1", traceparent=TRACE)
    assert message.key == b"p-1"
    assert dict(message.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": b"e-1",
        "ce_source": b"/services/registration",
        "ce_type": b"com.hexabuilders.onboarding.PartnerRegistrationCompleted.v1",
        "ce_time": b"2026-03-03T14:15:01.250000Z",
        "ce_subject": b"p-1",
        "ce_dataschema": b"/schemas/PartnerRegistrationCompleted.v1.json",
        "content-type": b"application/json",
        "ce_partitionkey": b"p-1",
        "ce_correlationid": b"corr-1",
        "ce_causationid": b"c-1",
        "ce_sagaid": b"s-1",
        "ce_tenantid": b"acme",
        "ce_journey": b"partner-onboarding/1",
        "traceparent": TRACE.encode(),
    }


def test_what_is_not_known_has_no_header_and_no_member():
    message = said(REGISTERED)
    assert {"ce_causationid", "traceparent"}.isdisjoint(dict(message.headers))
    assert orjson.loads(message.value)["partner"] == {"partner_id": "p-1", "kind": "STARTUP"}


def test_a_request_to_undo_everything_says_its_null():
    asked = CompensationRequested(
        failed_step=None, code="REQUESTED", reason="left", requested_by="ana"
    )
    assert orjson.loads(said(asked).value)["failed_step"] is None
    assert Reader().read(as_record(said(asked))).data == asked


@given(
    TEXT,
    TEXT,
    PARTNER_IDS,
    TIMES,
    TEXT,
    TEXT,
)
def test_any_event_that_we_write_is_read_again_as_it_was(
    saga, correlation, partner, time, reason, event_id
):
    context = Context(saga, "acme", partner, correlation, "partner-onboarding", 1)
    asked = CompensationRequested(
        failed_step="documents", code="X", reason=reason, requested_by=reason
    )
    event = Reader().read(
        as_record(said(asked, context, time, event_id, causation_id=reason, traceparent=TRACE))
    )
    assert (event.context, event.time, event.event_id) == (context, time, event_id)
    assert (event.data, event.causation_id, event.traceparent) == (asked, reason, TRACE)


@pytest.mark.parametrize("name", event_names())
def test_any_data_is_handed_on_as_it_was_and_has_the_same_digest_again(name):
    @settings(max_examples=30)
    @given(events_named(name))
    def check(data):
        once = Reader().read(as_record(said(data)))
        assert type(data).model_validate(once.body) == data
        assert Reader().read(as_record(said(data, event_id="e-2"))).digest == once.digest

    check()


def test_a_start_that_we_write_derives_its_own_saga():
    start = PartnerOnboardingInitiated.model_validate(
        {"partner_data": {"nombre": "a", "email": "b", "telefono": "c"}}
    )
    event = Reader().read(as_record(said(start)))
    assert event.context.saga_id == ids.saga_id(
        "acme", "partner-onboarding", "/producers/crm", "e-1"
    )


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00.000000Z"),
        (
            datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2))),
            "2025-12-31T23:00:00.000000Z",
        ),
        (datetime(1, 1, 1, 0, 0, 0, 1, tzinfo=UTC), "0001-01-01T00:00:00.000001Z"),
    ],
)
def test_a_time_is_written_in_utc_with_microseconds(time, text):
    assert time_text(time) == text


def test_every_model_is_registered_under_its_own_name_and_version():
    assert all((model.__name__, model.VERSION) == key for key, model in EVENTS.items())
    assert len(EVENTS) == 10
    assert EVENTS["CompensationCompleted", 1] is CompensationCompleted
