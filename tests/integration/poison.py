"""Every kind of record that cannot be read, and who must say so."""

import json
from dataclasses import dataclass
from typing import Any

from tests.integration import starts
from tests.integration.starts import TYPE, Sent

HEAR_STARTS = frozenset({"registration", "saga-state"})
SECRETS = ("Señora Secreta", "secreta@personal.example", "+34600987654", "Calle Oculta 7")


@dataclass(frozen=True)
class Poison:
    """`event`: on whose topic. `hearers`: at least those must have a dead letter of it."""

    name: str
    sent: Sent
    error_class: str
    event: str = "partner-onboarding-initiated"
    hearers: frozenset[str] = HEAR_STARTS


def all_kinds() -> list[Poison]:
    """About half of them carry what must never be logged."""
    return [*_not_cloudevents(), *_not_json(), *_not_ours(), *_sizes(), *_odd_bytes(), *_of_steps()]


def personal(**changes: Any) -> Sent:
    """A start with personal data that may stand nowhere but in the data."""
    name, email, phone, street = SECRETS
    told = {"nombre": name, "email": email, "telefono": phone, "direccion": street}
    return starts.start(**{**told, **changes})


def _not_cloudevents() -> list[Poison]:
    good = personal()
    return [
        Poison("no headers", Sent(good.value, ()), "NOT_CLOUDEVENTS"),
        Poison("no type", good.with_headers(ce_type=None), "NOT_CLOUDEVENTS"),
        Poison("no id", good.with_headers(ce_id=None), "NOT_CLOUDEVENTS"),
        Poison("empty id", good.with_headers(ce_id=""), "NOT_CLOUDEVENTS"),
        Poison("no source", good.with_headers(ce_source=None), "NOT_CLOUDEVENTS"),
        Poison("source not UTF-8", good.with_headers(ce_source=b"\xff\xfe"), "NOT_CLOUDEVENTS"),
        Poison("time is no time", good.with_headers(ce_time="yesterday"), "NOT_CLOUDEVENTS"),
        Poison("id of 2,000 characters", good.with_headers(ce_id="x" * 2000), "NOT_CLOUDEVENTS"),
    ]


def _not_json() -> list[Poison]:
    good = personal()
    body = good.value or b""
    structured = (("content-type", b"application/cloudevents+json"),)
    flat = json.dumps({"type": starts.STARTED, "id": "1", "source": "/x", "data": "text"})
    return [
        Poison("half a body", good.with_value(body[:-9]), "INVALID_JSON"),
        Poison("a list", good.with_value(b"[" + body + b"]"), "INVALID_JSON"),
        Poison("a number", good.with_value(b"7"), "INVALID_JSON"),
        Poison("NaN", good.with_value(b'{"partner_data": NaN}'), "INVALID_JSON"),
        Poison("Latin-1", good.with_value('{"a": "ñ"}'.encode("latin-1")), "INVALID_JSON"),
        Poison("lone surrogate", good.with_value(b'{"a": "\\ud800"}'), "INVALID_JSON"),
        Poison("bytes", good.with_value(bytes(range(256))), "INVALID_JSON"),
        Poison("5,000 levels", good.with_value(b'{"a":' * 5000 + b"1" + b"}" * 5000), "INVALID_JSON"),
        Poison("structured, no JSON", Sent(b"{", structured), "INVALID_JSON"),
        Poison("structured, data is text", Sent(flat.encode(), structured), "INVALID_DATA"),
    ]  # fmt: skip


def _not_ours() -> list[Poison]:
    good = personal()
    return [
        Poison("unknown type", good.with_headers(ce_type=f"{TYPE}PartnerLost.v1"), "UNKNOWN_TYPE"),
        Poison("unknown version", good.with_headers(ce_type=f"{TYPE}PartnerOnboardingInitiated.v9"), "UNKNOWN_TYPE"),
        Poison("another's type", good.with_headers(ce_type="org.example.Other"), "UNKNOWN_TYPE"),
        Poison("another topic's", good.with_headers(ce_type=f"{TYPE}ContractCreated.v1"), "WRONG_TOPIC"),
        Poison("unknown journey", good.with_headers(ce_journey="partner-divorce"), "UNKNOWN_JOURNEY"),
        Poison("unknown journey version", good.with_headers(ce_journey="partner-onboarding/9"), "UNKNOWN_JOURNEY"),
        Poison("unknown tenant", good.with_headers(ce_tenantid="stranger"), "TENANT_UNKNOWN"),
        Poison("tenant with a space", good.with_headers(ce_tenantid="ac me"), "TENANT_UNKNOWN"),
    ]  # fmt: skip


def _sizes() -> list[Poison]:
    good = personal()
    return [
        Poison("300 KB", personal(notes="x" * 300_000), "TOO_LARGE"),
        Poison("300 KB that is no JSON", good.with_value(b"x" * 300_000), "TOO_LARGE"),
        Poison("1 MB", good.with_value(b"x" * 1_000_000), "TOO_LARGE"),
        Poison("null value", Sent(None, good.headers, key=b"k"), "EMPTY_VALUE"),
        Poison("null value and null key", Sent(None, good.headers), "EMPTY_VALUE"),
        Poison("nothing at all", Sent(None, ()), "EMPTY_VALUE"),
        Poison("empty value", Sent(b"", good.headers), "EMPTY_VALUE"),
    ]


def _odd_bytes() -> list[Poison]:
    """What must be found again in the dead letter as it was."""
    good = personal().with_headers(ce_type=None)
    twice = (*good.headers, ("again", b"1"), ("again", b"2"), ("", b"nameless"), ("nothing", None))
    return [
        Poison("key of bytes", Sent(good.value, good.headers, bytes(range(256))), "NOT_CLOUDEVENTS"),
        Poison("empty key", Sent(good.value, good.headers, b""), "NOT_CLOUDEVENTS"),
        Poison("headers twice, nameless, null", Sent(good.value, twice), "NOT_CLOUDEVENTS"),
        Poison("headers of a dead letter", good.with_headers(dlq_topic="x", dlq_error_class="y"), "NOT_CLOUDEVENTS"),
    ]  # fmt: skip


def _of_steps() -> list[Poison]:
    """Not starts: what a step says, with wrong fields, or of no saga."""
    headers = {
        "ce_type": f"{TYPE}ContractCreated.v1",
        "ce_id": "c-1",
        "ce_source": "/services/contract",
        "ce_sagaid": "00000000-0000-0000-0000-000000000001",
    }
    created = Sent(
        json.dumps({"partner": {"partner_id": 7, "kind": SECRETS[0]}}).encode(),
        tuple((name, text.encode()) for name, text in headers.items()),
    )
    heard = frozenset({"documents", "saga-state"})
    failed = created.with_headers(ce_type=f"{TYPE}PartnerOnboardingFailed.v1")
    unknown = failed.with_value(b'{"failed_step": "shipping", "code": "A", "reason": "B"}')
    return [
        Poison("wrong fields", created, "INVALID_DATA", "contract-created", heard),
        Poison("of no saga", created.with_headers(ce_sagaid=None), "INVALID_DATA", "contract-created", heard),
        Poison("unknown step", unknown, "UNKNOWN_STEP", "partner-onboarding-failed", frozenset({"saga-state"})),
    ]  # fmt: skip
