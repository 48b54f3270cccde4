"""What a service writes into its log of a saga that waits for a person from now on."""

from dataclasses import replace

import pytest
from cells_given import Led, led
from runtime_given import Ground, told, triggers
from structlog.testing import capture_logs
from test_wishes import BUG, wish

from services.runtime.arrivals import Answered
from services.runtime.counting import Counting, trace_of
from services.runtime.delivery import Delivery, deliver

IDS = {
    "saga_id": "saga-1",
    "partner_id": "p-1",
    "correlation_id": "saga-1",
    "tenant_id": "default",
}
WARNED = {"log_level": "warning", **IDS}


def parkings(told: list) -> list:
    return [one for one in told if one["event"] in ("step.parked", "undo.parked")]


def delivery(ground: Ground) -> Delivery:
    return replace(ground.delivery(), counts=Counting("contract"))


async def test_a_step_that_is_parked_is_warned_of_once_without_what_it_was_about():
    ground = Ground(told("contract", **{"saga-1": BUG}))
    with capture_logs() as lines:
        await deliver(delivery(ground), triggers("contract", "saga-1") * 2)
        await deliver(delivery(ground), [*triggers("contract", "saga-1"), wish(tenant="acme")])
    (line,) = parkings(lines)
    assert line.pop("where").startswith("ValueError at runtime_given.py:")
    assert line == WARNED | {"event": "step.parked", "step": "contract", "attempts": 1}


@pytest.mark.parametrize(
    ("state", "event"), [("parked", "step.parked"), ("undo_parked", "undo.parked")]
)
def test_what_is_parked_is_warned_of_by_what_it_was_doing(state, event):
    with capture_logs() as lines:
        document = led("middle", "outer", state).document
        Counting("contract").cell("answer", Answered("1", "bug"), document)
        Counting("contract").cell("ignored", Answered("1", "bug"))
    where = {"where": "ValueError at x.py:1", "step": "contract", "attempts": 3}
    assert lines == [WARNED | where | {"event": event}]


def test_an_event_is_told_with_all_its_ids_and_its_trace_and_nothing_of_its_body():
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    more = {"ce_causationid": "c-1", "traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    arrival = Led().event("P(k-1)", **more)
    with capture_logs() as lines:
        Counting("contract").cell("do, absent", arrival)
    own = {"event_id": arrival.event_id, "causation_id": "c-1", "trace_id": trace}
    what = {"event": "event.handled", "cell": "do, absent", "type": arrival.name}
    assert lines == [{"log_level": "info", **what, **IDS, **own}]


@pytest.mark.parametrize("traceparent", [None, "", "x", "00-1"])
def test_without_a_trace_none_is_told(traceparent):
    assert trace_of(traceparent) == {}
