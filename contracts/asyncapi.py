"""The AsyncAPI 3.0 document: topics, messages, and who sends and receives them."""

from collections.abc import Iterable
from typing import Any

from contracts.envelope import type_of
from contracts.events import EVENTS, EventData, Events
from contracts.journey import JOURNEYS, Journey
from contracts.json_schemas import schema_name
from contracts.operator import OPERATOR_EVENTS
from contracts.participants import SAGA_STATE, Participant, participants
from contracts.topics import dead_letter_topic, event_topic, kebab

Part = dict[str, Any]
_REQUIRED = ("ce_id", "ce_source", "ce_type")
_HEADERS = {
    "ce_specversion": "1.0; absent is read as 1.0.",
    "ce_id": "With ce_source the identity of the event: the same pair has the same body.",
    "ce_source": "/services/<name> of what a service says; of a step's own event, of"
    " PartnerOnboardingCompleted and CompensationCompleted no other is read.",
    "ce_type": "The event and its version.",
    "ce_time": "RFC 3339.",
    "ce_subject": "The partner_id.",
    "ce_dataschema": "The path of the JSON Schema.",
    "ce_partitionkey": "The record's key.",
    "ce_correlationid": "Groups sagas; absent: taken from the data, else the saga id.",
    "ce_causationid": "The id of the event that this one answers.",
    "ce_sagaid": "Required of every event but PartnerOnboardingInitiated, where it is ignored.",
    "ce_tenantid": "Absent: default.",
    "ce_journey": "partner-onboarding/1; absent: partner-onboarding in the configured version.",
    "content-type": "application/json; application/cloudevents+json is structured mode.",
    "traceparent": "W3C Trace Context.",
}


def asyncapi(
    events: Events = EVENTS, journeys: Iterable[Journey] = tuple(JOURNEYS.values())
) -> Part:
    """The whole document; its schemas are the files in schemas/ beside it."""
    parts = participants(journeys)
    models = list(events.values())
    return {
        "asyncapi": "3.0.0",
        "info": _INFO,
        "defaultContentType": "application/json",
        "servers": {"kafka": _SERVER},
        "channels": {**_event_channels(models), **_dead_letter_channels(parts)},
        "operations": {**_event_operations(parts), **_dead_letter_operations(parts)},
        "components": {
            "messages": {
                **{schema_name(m): _message(m) for m in (*models, *OPERATOR_EVENTS.values())},
                "DeadLetter": _LETTER,
                "DeadLetterMark": _MARK,
            },
            "messageTraits": {"CloudEvent": _CLOUD_EVENT},
        },
    }


def _event_channels(models: list[type[EventData]]) -> Part:
    channels: Part = {}
    for model in models:
        name = model.__name__
        channel = channels.setdefault(
            kebab(name), {"address": event_topic(name), "title": name, "messages": {}}
        )
        channel["messages"][schema_name(model)] = _ref(f"components/messages/{schema_name(model)}")
    return channels


def _dead_letter_channels(parts: list[Participant]) -> Part:
    return {
        f"{part.name}-dead-letters": {
            "address": dead_letter_topic(part.name),
            "title": f"What {part.name} could not read or finish",
            "messages": {n: _ref(f"components/messages/{n}") for n in _on_dead_letters(part)},
        }
        for part in parts
        if part.has_dead_letters
    }


def _on_dead_letters(part: Participant) -> tuple[str, ...]:
    """Only a step is ever parked; the projection has nothing to redrive."""
    letters = ("DeadLetter", "DeadLetterMark")
    return (
        letters
        if part is SAGA_STATE
        else (*letters, *(schema_name(model) for model in OPERATOR_EVENTS.values()))
    )


def _event_operations(parts: list[Participant]) -> Part:
    operations: Part = {}
    for part in parts:
        for event in map(kebab, part.says):
            operations[f"{part.name}-says-{event}"] = _operation("send", part, event)
        for event in map(kebab, part.hears):
            operations[f"{part.name}-hears-{event}"] = _operation("receive", part, event)
    return operations


def _dead_letter_operations(parts: list[Participant]) -> Part:
    """A service hears its own dead letter topic too, for wishes; saga-state hears them all. An
    operator speaks there: by the command line, or by any other program."""
    operations: Part = {}
    for part in filter(lambda part: part.has_dead_letters, parts):
        channel = f"{part.name}-dead-letters"
        for sayer in (part, OPERATOR):
            operations[f"{sayer.name}-says-{channel}"] = _operation("send", sayer, channel)
        for hearer in (part, SAGA_STATE):
            operations[f"{hearer.name}-hears-{channel}"] = _operation("receive", hearer, channel)
    return operations


def _operation(action: str, part: Participant, channel: str) -> Part:
    return {
        "action": action,
        "channel": _ref(f"channels/{channel}"),
        "summary": part.about,
        "tags": [{"name": part.name}],
    }


def _message(model: type[EventData]) -> Part:
    name = schema_name(model)
    return {
        "name": type_of(model),
        "title": f"{model.__name__}, version {model.VERSION}",
        "summary": " ".join((model.__doc__ or "").split()),
        "traits": [_ref("components/messageTraits/CloudEvent")],
        "headers": {"type": "object", "properties": {"ce_type": {"const": type_of(model)}}},
        "payload": {
            "schemaFormat": "application/schema+json;version=2020-12",
            "schema": {"$ref": f"schemas/{name}.json"},
        },
    }


def _ref(place: str) -> Part:
    return {"$ref": f"#/{place}"}


_INFO: Part = {
    "title": "Partner onboarding",
    "version": "1.0.0",
    "description": "Choreographed sagas: each service hears the event before it and says the next."
    " What was done is undone in reverse order: CompensationRequested asks for it, and each step"
    " says CompensationCompleted to the one before it."
    " The record's key is the partner_id. ONBOARDING_PREFIX stands before each topic, if it is set."
    " Whole messages to copy from are in examples/.",
    "license": {"name": "MIT"},
}
_SERVER: Part = {
    "host": "{bootstrap}",
    "protocol": "kafka",
    "variables": {
        "bootstrap": {"default": "localhost:9092", "description": "As in ONBOARDING_KAFKA."}
    },
}
_CLOUD_EVENT: Part = {
    "contentType": "application/json",
    "correlationId": {"location": "$message.header#/ce_correlationid"},
    "headers": {
        "type": "object",
        "required": list(_REQUIRED),
        "properties": {n: {"type": "string", "description": t} for n, t in _HEADERS.items()},
    },
    "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": "0.5.0"}},
}
_LETTER: Part = {
    "title": "A dead letter",
    "summary": "A record that could not be read or finished: its key, value and headers as they"
    " came, and headers that begin with dlq_ and say where it was and what was wrong.",
    "contentType": "application/octet-stream",
}
_MARK: Part = {
    "title": "A mark of a dead letter",
    "summary": "A person sent the dead letter of that dlq_id again, or discarded it: dlq_mark"
    " (redriven or discarded), dlq_redrive_id, dlq_reason, dlq_by, dlq_at. It has no value.",
    "contentType": "application/octet-stream",
}
OPERATOR = Participant(
    "operator", "A person with the command line.", (), (), has_dead_letters=False
)
