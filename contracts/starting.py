"""The message that starts a saga, as the command line sends it; pure.

Whatever stands in `partner_data` is sent as it came: what is wrong in it is for the steps to say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from contracts import ids
from contracts.envelope import Context, Message, binary
from contracts.events import PartnerOnboardingInitiated
from contracts.facts import PartnerData
from contracts.journey import Journey
from contracts.topics import event_topic


@dataclass(frozen=True, slots=True)
class Asked:
    """What a producer asks for. `source` is its `ce_source`.

    With a correlation id the event's id is made from it, so that asking again is the same saga;
    without one it is `fresh_id` (a uuid4), and asking again is another saga.
    """

    partner_data: Mapping[str, Any]
    source: str
    journey: Journey
    fresh_id: str
    tenant_id: str = "default"
    correlation_id: str | None = None

    @property
    def event_id(self) -> str:
        if self.correlation_id is None:
            return self.fresh_id
        return ids.start_id(self.tenant_id, self.journey.name, self.correlation_id)


def start_context(asked: Asked) -> Context:
    """The ids that the steps will derive too (reading.py): saga, partner, correlation."""
    saga = ids.saga_id(asked.tenant_id, asked.journey.name, asked.source, asked.event_id)
    given = asked.partner_data.get("partner_id")
    partner = given if isinstance(given, str) and ids.is_partner_id(given) else ids.partner_id(saga)
    journey = asked.journey
    correlation = asked.correlation_id or saga
    return Context(saga, asked.tenant_id, partner, correlation, journey.name, journey.version)


def start_message(asked: Asked, time: datetime, prefix: str = "") -> Message:
    """PartnerOnboardingInitiated in binary mode, with all headers that are known at the start."""
    context = start_context(asked)
    topic = event_topic(PartnerOnboardingInitiated.__name__, prefix)
    envelope = binary(topic, asked.event_id, asked.source, time, _ANY_START, context)
    return replace(envelope, value=orjson.dumps(_body(asked)))


def _body(asked: Asked) -> Mapping[str, Any]:
    body = {"partner_data": asked.partner_data}
    if asked.correlation_id is None:
        return body
    return {**body, "correlation_id": asked.correlation_id}


# Stands for its type only: the envelope is the same for any start, the body is the producer's.
_ANY_START = PartnerOnboardingInitiated(
    partner_data=PartnerData(nombre="any", email="any@any.example", telefono="+1234567")
)
