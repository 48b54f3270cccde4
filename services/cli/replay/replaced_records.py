"""Records with personal data replaced: their values, keys and headers, alike in all of an export.

Ids of events, sagas and producers stay: what a saga is called follows from them. Headers that we do
not know go, as fields do that we do not know (replacing.py); so does the trace.
"""

import secrets
from dataclasses import replace

import orjson

from contracts.envelope import TYPE_PREFIX, Event, Headers, Record, time_text
from services.cli.replaced_values import Replacing, identifier, partner_id, token
from services.cli.replacing import replaced_event
from services.registration.rules import RegistrationRules
from services.runtime.settings import Settings

_CORRELATION = identifier("correlation")


def replacing(settings: Settings) -> Replacing:
    """Under a key that nobody knows afterwards: two exports have nothing in common."""
    rules = settings.rules_of("registration", RegistrationRules)
    assert isinstance(rules, RegistrationRules)
    return Replacing(secrets.token_bytes(32), rules.denied_email_domains)


def replaced_record(how: Replacing, event: Event) -> Record:
    """The record of an event, in binary mode, whichever it was in."""
    value = orjson.dumps(replaced_event(how, event.name, event.body))
    return replace(event.record, key=_key(how, event), value=value, headers=_headers(how, event))


def _key(how: Replacing, event: Event) -> bytes | None:
    key, partner = event.record.key, event.context.partner_id
    if key is None:
        return None
    if key == partner.encode():
        return str(partner_id(how, partner)).encode()
    return f"key-{token(how, key.decode(errors='backslashreplace'))}".encode()


def _headers(how: Replacing, event: Event) -> Headers:
    context = event.context
    told = {
        "ce_specversion": "1.0",
        "ce_id": event.event_id,
        "ce_source": event.source,
        "ce_type": f"{TYPE_PREFIX}{event.name}.v{event.version}",
        "ce_time": time_text(event.time),
        "ce_subject": partner_id(how, context.partner_id),
        "content-type": "application/json",
        "ce_correlationid": _CORRELATION(how, context.correlation_id),
        "ce_causationid": event.causation_id,
        "ce_sagaid": context.saga_id,
        "ce_tenantid": context.tenant_id,
        "ce_journey": context.journey_label if event.names_journey else None,
    }
    return tuple((name, text.encode()) for name, text in told.items() if text is not None)
