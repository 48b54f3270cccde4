"""Starts and events with personal data replaced, so that the rules still decide the same.

What the rules read stays: whether an address, a phone number or an id is valid, whether a domain
is denied, country, kinds, types, dates, numbers, lengths with a limit, and which values are equal.
Names, addresses, numbers of documents, notes, reasons and names of persons go. So do fields that
we do not know: nothing here reads them, and nobody can tell what stands there. The table of the
fields stands last.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, get_args

from contracts.facts import Channel, ContractTerms, ContractType, DocumentType, JobKind, PartnerKind
from services.cli.replaced_values import (
    Replacing,
    Value,
    code,
    country,
    day,
    email,
    identifier,
    kept,
    number,
    partner_id,
    phone,
    same_type,
    text_of,
)

Fields = Mapping[str, Value]
OURS = "/services/"


def replaced_start(how: Replacing, body: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a PartnerOnboardingInitiated."""
    return _fields(_START, how, body)


def replaced_event(how: Replacing, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The data of any event, by its name (those of operators too)."""
    if name == "PartnerOnboardingInitiated":
        return replaced_start(how, body)
    by_service = str(body.get("requested_by", OURS)).startswith(OURS)
    words = name in _SAID_BY_PERSONS or not by_service
    return _fields({**_EVENT, **_WISH} if words else _EVENT, how, body)


def _fields(fields: Fields, how: Replacing, value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: fields[name](how, one) for name, one in value.items() if name in fields}


def _object(fields: Fields, how: Replacing, value: Any) -> Any:
    return _fields(fields, how, value) if isinstance(value, dict) else same_type(how, value)


def _each(inner: Value, how: Replacing, value: Any) -> Any:
    return [inner(how, one) for one in value] if isinstance(value, list) else same_type(how, value)


def _either(text: Value, fields: Fields, how: Replacing, value: Any) -> Any:
    """A text or an object, as producers send permissions and preferences."""
    return text(how, value) if isinstance(value, str) else _object(fields, how, value)


_CHANNEL = text_of("channel", known=get_args(Channel))
_JOB_KIND = text_of("job-kind", known=get_args(JobKind))
_DOCUMENT_TYPE = text_of("no-type", known=get_args(DocumentType))
_CORRELATION = identifier("correlation")

_DOCUMENT: Fields = {
    "type": _DOCUMENT_TYPE,
    "number": text_of("number", most=200),
    "issued_on": day,
    "expires_on": day,
}
_PERMISSIONS: Fields = {"channels": partial(_each, _CHANNEL), "monthly_budget": number}
_PREFERENCES: Fields = {"seats": number, "job_kinds": partial(_each, _JOB_KIND)}
_WISHES: Fields = {
    "preferred_contract_type": text_of("no-type", known=get_args(ContractType)),
    "contract_terms": partial(_object, dict.fromkeys(ContractTerms.model_fields, number)),
    "required_documents": partial(_each, _DOCUMENT_TYPE),
    "documents": partial(_each, partial(_object, _DOCUMENT)),
    "campaign_permissions": partial(
        _either, text_of("note", known=get_args(Channel)), _PERMISSIONS
    ),
    "recruitment_preferences": partial(
        _either, text_of("note", known=get_args(JobKind)), _PREFERENCES
    ),
}
_PARTNER_DATA: Fields = {
    "nombre": text_of("name"),
    "email": email,
    "telefono": phone,
    "tipo_partner": text_of("no-kind", known=get_args(PartnerKind)),
    "direccion": text_of("address"),
    "ciudad": text_of("city"),
    "pais": country,
    "partner_id": partner_id,
    "correlation_id": _CORRELATION,
    **_WISHES,
}
_START: Fields = {
    "partner_data": partial(_object, _PARTNER_DATA),
    "correlation_id": _CORRELATION,
}
_EVENT: Fields = {
    "partner": partial(_object, {"partner_id": partner_id, "kind": kept, "country": kept}),
    "partner_id": partner_id,
    "wishes": partial(_object, _WISHES),
    "requested_by": kept,
    "reason": kept,
    "code": code,
    **dict.fromkeys(
        (
            "contract", "package", "campaign_account", "workspace", "answer_within_seconds",
            "last_step", "failed_step", "step", "outcome", "state", "where", "attempts",
        ),
        kept,
    ),
}  # fmt: skip
_WISH: Fields = {"reason": text_of("reason"), "requested_by": text_of("person")}
_SAID_BY_PERSONS = frozenset({"RedriveRequested", "ResolveRequested"})
