"""Hides what may be personal in the data of events: names of fields and codes stay, values go."""

import re
from typing import Any

from contracts.events import EVENTS, PartnerOnboardingInitiated
from contracts.operator import OPERATOR_EVENTS

ALL_EVENTS = {**EVENTS, **OPERATOR_EVENTS}
HIDDEN = "***"
_PLAIN_FIELDS = frozenset(
    {
        "failed_step", "step", "code", "outcome", "state", "attempts", "where", "last_step",
        "tipo_partner", "preferred_contract_type", "kind", "type", "level", "currency", "seats",
        "answer_within_seconds", "specversion", "datacontenttype",
    }
)  # fmt: skip
_CODE = re.compile(r"[A-Za-z0-9_.-]{0,64}")
_FIELDS = {name: frozenset(model.model_fields) for (name, _), model in ALL_EVENTS.items()}
_PERSONAL = "wishes"  # the only part of what steps say that is handed on from the producer


def masked(value: Any, field: str = "") -> Any:
    """JSON of whatever origin, with all values hidden but codes in fields that are known."""
    if isinstance(value, dict):
        return {name: masked(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [masked(one, field) for one in value]
    if value is None or isinstance(value, bool):
        return value
    return value if field in _PLAIN_FIELDS and _CODE.fullmatch(str(value)) else HIDDEN


def masked_data(event: str, data: Any) -> Any:
    """The data of one of our events. What a step says is made of ids, numbers and codes, but for
    the wishes of the producer that it hands on. What the producer says is hidden, and what is no
    field of the event: anybody may have added that."""
    fields = _FIELDS.get(event, frozenset())
    if event == PartnerOnboardingInitiated.__name__ or not isinstance(data, dict):
        return masked(data)
    plain = fields - {_PERSONAL}
    return {name: one if name in plain else masked(one) for name, one in data.items()}
