"""Reading a record: tolerant of who wrote it, exact about what is wrong with it.

A hand-made message with only `ce_type`, `ce_id`, `ce_source` and a valid body is read, in binary
or structured mode; missing ids are derived. What cannot be read raises PoisonError.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from pydantic import ValidationError

from contracts import ids, poison
from contracts.envelope import TYPE_PREFIX, Context, Event, Record
from contracts.events import (
    EVENTS,
    CompensationCompleted,
    CompensationRequested,
    EventData,
    Events,
    PartnerOnboardingFailed,
    PartnerOnboardingInitiated,
)
from contracts.journey import DEFAULT_JOURNEY, JOURNEYS, Journey, Journeys
from contracts.poison import PoisonError
from contracts.topics import event_topic

_TYPE = re.compile(re.escape(TYPE_PREFIX) + r"([A-Za-z]{1,100})\.v([1-9][0-9]{0,5})")
_TENANT = re.compile(r"[A-Za-z0-9._-]{1,64}")
_JOURNEY = re.compile(r"([a-z0-9-]{1,64})(?:/([1-9][0-9]{0,5}))?")
_ID_MAX = 1024
START = PartnerOnboardingInitiated


@dataclass(frozen=True, slots=True)
class Reader:
    """What a process knows and accepts. `tenants` empty: any tenant."""

    tenants: frozenset[str] = frozenset()
    body_max_bytes: int = 256 * 1024
    prefix: str = ""
    journey_version: int = 1
    journeys: Journeys = field(default_factory=lambda: JOURNEYS)
    events: Events = field(default_factory=lambda: EVENTS)

    def read(self, record: Record) -> Event:
        """The event in a record. Raises PoisonError if there is none."""
        if not record.value:
            raise PoisonError(poison.EMPTY_VALUE, "the record has no value")
        if len(record.value) > self.body_max_bytes:
            text = f"{len(record.value)} bytes, at most {self.body_max_bytes} are read"
            raise PoisonError(poison.TOO_LARGE, text)
        attributes, body = _attributes_and_body(record)
        model = self._model(attributes, record)
        source, event_id = _required(attributes, "source"), _required(attributes, "id")
        data: EventData | dict[str, Any] = body if model is START else _data(model, body)
        journey = self._journey(attributes)
        context = self._context(attributes, model, body, journey, source, event_id)
        _check_steps(data, journey)
        return Event(
            name=model.__name__,
            version=model.VERSION,
            event_id=event_id,
            source=source,
            time=_time(attributes, record),
            context=context,
            causation_id=attributes.get("causationid"),
            traceparent=attributes.get("traceparent"),
            data=data,
            body=body,
            digest=_digest(body, record.value),
            record=record,
        )

    def _model(self, attributes: Mapping[str, str], record: Record) -> type[EventData]:
        text = _required(attributes, "type")
        match = _TYPE.fullmatch(text)
        model = self.events.get((match[1], int(match[2]))) if match else None
        if model is None:
            raise PoisonError(poison.UNKNOWN_TYPE, f"ce_type {text[:200]!r} is not one of ours")
        if record.topic != event_topic(model.__name__, self.prefix):
            raise PoisonError(poison.WRONG_TOPIC, f"{model.__name__} does not belong on this topic")
        return model

    def _journey(self, attributes: Mapping[str, str]) -> Journey:
        label = attributes.get("journey", DEFAULT_JOURNEY)
        match = _JOURNEY.fullmatch(label)
        version = int(match[2]) if match and match[2] else self.journey_version
        journey = self.journeys.get((match[1], version)) if match else None
        if journey is None:
            raise PoisonError(poison.UNKNOWN_JOURNEY, f"ce_journey {label[:100]!r} is not known")
        return journey

    def _tenant(self, attributes: Mapping[str, str]) -> str:
        tenant = attributes.get("tenantid", "default")
        if not _TENANT.fullmatch(tenant) or (self.tenants and tenant not in self.tenants):
            raise PoisonError(poison.TENANT_UNKNOWN, "ce_tenantid is not one of ONBOARDING_TENANTS")
        return tenant

    def _context(
        self,
        attributes: Mapping[str, str],
        model: type[EventData],
        body: Mapping[str, Any],
        journey: Journey,
        source: str,
        event_id: str,
    ) -> Context:
        tenant = self._tenant(attributes)
        if model is START:
            saga = ids.saga_id(tenant, journey.name, source, event_id)
            partner = _start_partner_id(attributes, body) or ids.partner_id(saga)
        else:
            saga = _required(attributes, "sagaid")
            partner = attributes.get("subject") or _said_partner_id(body) or ids.partner_id(saga)
        correlation = attributes.get("correlationid") or _body_correlation_id(body) or saga
        return Context(saga, tenant, partner, correlation, journey.name, journey.version)


def _attributes_and_body(record: Record) -> tuple[dict[str, str], dict[str, Any]]:
    attributes = _header_attributes(record)
    body = _json_object(record.value or b"")
    if "type" in attributes or not {"specversion", "type", "source", "id"} <= body.keys():
        return attributes, body
    return _structured(body, attributes)


def _header_attributes(record: Record) -> dict[str, str]:
    """Binary mode: the `ce_` headers without their prefix, and traceparent."""
    attributes: dict[str, str] = {}
    for name, value in record.headers:
        lower = name.lower()
        if not lower.startswith("ce_") and lower != "traceparent":
            continue
        try:
            attributes[lower.removeprefix("ce_")] = (value or b"").decode()
        except UnicodeDecodeError as error:
            text = f"header {lower[:50]} is not UTF-8"
            raise PoisonError(poison.NOT_CLOUDEVENTS, text) from error
    return attributes


def _structured(
    body: dict[str, Any], headers: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, Any]]:
    """Structured mode: the attributes and the data stand side by side in the value."""
    data = body.get("data")
    if not isinstance(data, dict):
        raise PoisonError(poison.INVALID_DATA, "data of the structured event is no JSON object")
    attributes = {name: text for name, text in body.items() if isinstance(text, str)}
    attributes.pop("data", None)
    return {**headers, **attributes}, data


def _json_object(value: bytes) -> dict[str, Any]:
    try:
        body = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise PoisonError(poison.INVALID_JSON, f"the value is not JSON ({where})") from None
    if not isinstance(body, dict):
        raise PoisonError(poison.INVALID_JSON, "the value is JSON, but no object")
    return body


def _required(attributes: Mapping[str, str], name: str) -> str:
    text = attributes.get(name, "")
    if not text or len(text) > _ID_MAX:
        wrong = f"longer than {_ID_MAX} characters" if text else "missing"
        raise PoisonError(poison.NOT_CLOUDEVENTS, f"ce_{name} is {wrong}")
    return text


def _time(attributes: Mapping[str, str], record: Record) -> datetime:
    """`ce_time`; of a hand-made message without it, the broker's time of the record."""
    text = attributes.get("time")
    if text is None:
        return datetime.fromtimestamp(max(record.timestamp_ms, 0) / 1000, UTC)
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise PoisonError(poison.NOT_CLOUDEVENTS, "ce_time is not an RFC 3339 time") from None


def _data(model: type[EventData], body: dict[str, Any]) -> EventData:
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise PoisonError(poison.INVALID_DATA, wrong_fields(error)) from None


def wrong_fields(error: ValidationError) -> str:
    """Where the data is wrong and how, without the values: they may be personal."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    places = (".".join(str(part) for part in item["loc"]) or "data" for item in found)
    told = [f"{place}: {item['type']}" for place, item in zip(places, found, strict=True)]
    return "; ".join(told[:5]) + (f"; and {len(told) - 5} more" if len(told) > 5 else "")


def _check_steps(data: EventData | dict[str, Any], journey: Journey) -> None:
    step: str | None = None
    if isinstance(data, PartnerOnboardingFailed | CompensationRequested):
        step = data.failed_step
    elif isinstance(data, CompensationCompleted):
        step = data.step
    if step is not None and journey.step(step) is None:
        text = f"{journey.label} has no step of the name given"
        raise PoisonError(poison.UNKNOWN_STEP, text)


def _start_partner_id(attributes: Mapping[str, str], body: Mapping[str, Any]) -> str | None:
    data = body.get("partner_data")
    given = data.get("partner_id") if isinstance(data, dict) else None
    for text in (given, attributes.get("subject")):
        if ids.is_partner_id(text):
            return str(text)
    return None


def _said_partner_id(body: Mapping[str, Any]) -> str | None:
    partner = body.get("partner")
    found = partner.get("partner_id") if isinstance(partner, dict) else body.get("partner_id")
    return found if isinstance(found, str) else None


def _body_correlation_id(body: Mapping[str, Any]) -> str | None:
    data = body.get("partner_data")
    for holder in (body, data if isinstance(data, dict) else {}):
        text = holder.get("correlation_id")
        if isinstance(text, str) and 0 < len(text) <= _ID_MAX:
            return text
    return None


def _digest(body: Mapping[str, Any], value: bytes) -> str:
    """Equal for bodies that are equal as JSON (nested too deeply to write: equal as bytes)."""
    try:
        canonical = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        canonical = value
    return hashlib.blake2b(canonical, digest_size=16).hexdigest()
