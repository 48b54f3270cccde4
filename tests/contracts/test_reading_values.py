"""Reading texts, numbers, times and money, and the digest of a body."""

from datetime import UTC, datetime
from decimal import Decimal

import orjson
import pytest
from made_records import PARTNER_DATA, REGISTERED, record, start, step_event
from pydantic import ValidationError

from contracts.events import CompensationRequested, PartnerRegistrationCompleted
from contracts.facts import ContractTerms
from contracts.reading import Reader

READER = Reader()
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    "name", ["a\x00b", "🧑‍🚀", "$secret", "{{x}}", "x" * 10_000, "';--", "ñ é", "\u202e"]
)
def test_any_text_survives_as_it_is(name):
    event = READER.read(start({**PARTNER_DATA, "nombre": name}))
    assert event.body["partner_data"]["nombre"] == name


def test_whole_numbers_up_to_64_bits_survive_and_larger_ones_become_floats():
    event = READER.read(record(b'{"a": 18446744073709551615, "b": 18446744073709551616}'))
    assert event.body == {"a": 2**64 - 1, "b": float(2**64)}


def test_sixty_four_levels_of_nesting_are_read():
    assert READER.read(record(b'{"a":' * 64 + b"1" + b"}" * 64)).digest


def test_many_flat_members_are_not_mistaken_for_deep_ones():
    assert READER.read(start([{}] * 1000)).body == {"partner_data": [{}] * 1000}


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-03-03T14:15:01Z", datetime(2026, 3, 3, 14, 15, 1, tzinfo=UTC)),
        ("2026-03-03t14:15:01z", datetime(2026, 3, 3, 14, 15, 1, tzinfo=UTC)),
        ("2026-03-03T14:15:01.123456789Z", datetime(2026, 3, 3, 14, 15, 1, 123456, tzinfo=UTC)),
        ("2026-03-03T14:15:01+02:00", datetime(2026, 3, 3, 12, 15, 1, tzinfo=UTC)),
        ("2026-03-03T14:15:01", datetime(2026, 3, 3, 14, 15, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_in_utc(text, time):
    event = READER.read(start(ce_time=text))
    assert event.time == time
    assert event.time.tzinfo is UTC


def test_a_record_without_any_time_is_from_1970():
    assert READER.read(record(b"{}", timestamp_ms=-1)).time == datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "found"),
    [(TRACE, TRACE), ("nonsense", None), (b"\xff\xfe", None), ("x" * 5000, None)],
)
def test_a_traceparent_that_is_not_valid_is_ignored(header, found):
    assert READER.read(start(traceparent=header)).traceparent == found


def test_headers_of_others_may_hold_any_bytes():
    assert (
        READER.read(start(**{"x-internal": b"\xff\x00", "content-type": b"\xff"})).event_id == "e-1"
    )


def test_money_is_read_from_text_and_numbers_and_written_as_plain_text():
    wishes = {"campaign_permissions": {"monthly_budget": 1e3}}
    event = READER.read(
        step_event("PartnerRegistrationCompleted", {**REGISTERED, "wishes": wishes})
    )
    assert event.data.wishes.campaign_permissions.monthly_budget == Decimal(1000)
    text = event.data.model_dump_json()
    assert orjson.loads(text)["wishes"]["campaign_permissions"]["monthly_budget"] == "1000.0"


@pytest.mark.parametrize(("given", "written"), [("1E+3", "1000"), ("-0", "0"), ("0.50", "0.50")])
def test_money_is_never_written_with_an_exponent_or_as_minus_nothing(given, written):
    wishes = {"campaign_permissions": {"monthly_budget": given}}
    data = PartnerRegistrationCompleted.model_validate({**REGISTERED, "wishes": wishes})
    assert (
        data.model_dump(mode="json")["wishes"]["campaign_permissions"]["monthly_budget"] == written
    )


def test_a_request_to_undo_everything_is_read_with_its_null():
    body = {"failed_step": None, "code": "REQUESTED", "reason": "left", "requested_by": "ana"}
    event = READER.read(step_event("CompensationRequested", body))
    assert event.data == CompensationRequested(**body)


def test_the_digest_is_the_same_for_equal_json_and_another_for_another_body():
    read = [
        READER.read(record(value)).digest
        for value in (b'{"a":1,"b":[]}', b' {"b": [], "a": 1}', b'{"a":1,"b":[0]}')
    ]
    assert read[0] == read[1] != read[2]


def test_the_digest_does_not_depend_on_the_envelope():
    assert READER.read(start(ce_id="1")).digest == READER.read(start(ce_id="2")).digest


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_no_model_takes_a_number_that_json_lacks(number):
    with pytest.raises(ValidationError):
        ContractTerms(commission=number)
