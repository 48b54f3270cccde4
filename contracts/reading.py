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
from contracts.attributes import attributes_and_data
from contracts.envelope import TYPE_PREFIX, Context, Event, Record, source_of
from contracts.events import (
    EVENTS,
    CompensationCompleted,
    CompensationRequested,
    EventData,
    Events,
    PartnerOnboardingFailed,
    PartnerOnboardingInitiated,
    Progress,
)
from contracts.journey import DEFAULT_JOURNEY, JOURNEYS, Journey, Journeys, Step, journey_named
from contracts.poison import PoisonError
from contracts.topics import event_topic

_TYPE = re.compile(re.escape(TYPE_PREFIX) + r"([A-Za-z]{1,100})\.v([1-9][0-9]{0,5})")
_TENANT = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_ID_MAX = 1024
STEP_ADDS_BYTES = 16 * 1024
_LAST_YEAR = 9000  # so that a deadline counted from it stays within the calendar
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
        most = self._most_bytes(record)
        if len(record.value) > most:
            text = f"{len(record.value)} bytes, at most {most} are read"
            raise PoisonError(poison.TOO_LARGE, text)
        attributes, body = attributes_and_data(record)
        model = self._model(attributes, record)
        source, event_id = _required(attributes, "source"), _required(attributes, "id")
        data: EventData | dict[str, Any] = body if model is START else _data(model, body)
        journey = self._journey(attributes)
        context = self._context(attributes, model, body, journey, source, event_id)
        _check_steps(data, journey)
        _check_sayer(model.__name__, data, journey, source)
        return Event(
            name=model.__name__,
            version=model.VERSION,
            event_id=event_id,
            source=source,
            time=_time(attributes, record),
            context=context,
            causation_id=_optional(attributes, "causationid"),
            traceparent=_traceparent(attributes),
            data=data,
            body=body,
            digest=digest_of_body(body),
            record=record,
            names_journey="journey" in attributes,
        )

    def _most_bytes(self, record: Record) -> int:
        """Steps say a little more than they heard: a start of the full size must get through."""
        starts = record.topic == event_topic(START.__name__, self.prefix)
        return self.body_max_bytes if starts else self.body_max_bytes + STEP_ADDS_BYTES

    def _model(self, attributes: Mapping[str, str], record: Record) -> type[EventData]:
        text = _required(attributes, "type")
        match = _TYPE.fullmatch(text)
        model = self.events.get((match[1], int(match[2]))) if match else None
        if model is None:
            raise PoisonError(poison.UNKNOWN_TYPE, "ce_type is not one of ours")
        if record.topic != event_topic(model.__name__, self.prefix):
            raise PoisonError(poison.WRONG_TOPIC, f"{model.__name__} does not belong on this topic")
        return model

    def _journey(self, attributes: Mapping[str, str]) -> Journey:
        label = attributes.get("journey", DEFAULT_JOURNEY)
        journey = journey_named(label, self.journey_version, self.journeys)
        if journey is None:
            raise PoisonError(poison.UNKNOWN_JOURNEY, "ce_journey is not known here")
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
            given = (_asked_partner_id(body), attributes.get("subject"))
        else:
            saga = _required(attributes, "sagaid")
            given = (attributes.get("subject"), _said_partner_id(body))
        partner = next(filter(ids.is_partner_id, given), None) or ids.partner_id(saga)
        correlation = _optional(attributes, "correlationid") or _body_correlation_id(body) or saga
        return Context(saga, tenant, partner, correlation, journey.name, journey.version)


def _optional(attributes: Mapping[str, str], name: str) -> str | None:
    text = attributes.get(name)
    if text and len(text) > _ID_MAX:
        text = f"ce_{name} is longer than {_ID_MAX} characters"
        raise PoisonError(poison.NOT_CLOUDEVENTS, text)
    return text or None


def _required(attributes: Mapping[str, str], name: str) -> str:
    text = _optional(attributes, name)
    if text is None:
        raise PoisonError(poison.NOT_CLOUDEVENTS, f"ce_{name} is missing")
    return text


def _traceparent(attributes: Mapping[str, str]) -> str | None:
    """W3C Trace Context, 3.2: one that is not valid is ignored, never an error."""
    text = attributes.get("traceparent", "")
    return text if _TRACEPARENT.fullmatch(text) else None


def _time(attributes: Mapping[str, str], record: Record) -> datetime:
    """`ce_time`; of a hand-made message without it, the broker's time of the record."""
    text = attributes.get("time")
    try:
        if text is None:
            time = datetime.fromtimestamp(max(record.timestamp_ms, 0) / 1000, UTC)
        else:
            time = datetime.fromisoformat(text.upper())
        time = (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise PoisonError(poison.NOT_CLOUDEVENTS, "ce_time is not an RFC 3339 time") from None
    if time.year > _LAST_YEAR:
        raise PoisonError(poison.NOT_CLOUDEVENTS, f"ce_time is after the year {_LAST_YEAR}")
    return time


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


def _check_sayer(
    name: str, data: EventData | dict[str, Any], journey: Journey, source: str
) -> None:
    """What a step did, and that it undid it, nobody says but the step itself (W4); that it failed,
    also the step before it, which watches it."""
    allowed = [source_of(step.name) for step in _sayers(name, data, journey)]
    if allowed and source not in allowed:
        text = f"ce_source is not {' or '.join(allowed)}: nobody else may say it"
        raise PoisonError(poison.WRONG_SOURCE, text)


def _sayers(name: str, data: EventData | dict[str, Any], journey: Journey) -> list[Step]:
    """The steps that may say it; none: anybody may."""
    if isinstance(data, CompensationCompleted):
        sayers = [journey.step(data.step)]
    elif isinstance(data, PartnerOnboardingFailed):
        sayers = [journey.step(data.failed_step), journey.before(data.failed_step)]
    else:
        sayers = [journey.sayer_of(name)]
        if sayers == [None] and isinstance(data, Progress):
            text = f"{journey.label} has no step that says {name}"
            raise PoisonError(poison.UNKNOWN_STEP, text)
    return [step for step in sayers if step]


def _asked_partner_id(body: Mapping[str, Any]) -> str | None:
    data = body.get("partner_data")
    found = data.get("partner_id") if isinstance(data, dict) else None
    return found if isinstance(found, str) else None


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


def digest_of_body(body: Mapping[str, Any]) -> str:
    """Equal for bodies that are equal as JSON, whatever the order of their members."""
    canonical = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(canonical, digest_size=16).hexdigest()
