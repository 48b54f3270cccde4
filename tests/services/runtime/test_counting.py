"""What a service writes into its log of a saga that waits for a person from now on."""

from dataclasses import replace

import pytest
from cells_given import led
from runtime_given import Ground, told, triggers
from structlog.testing import capture_logs
from test_wishes import BUG, wish

from services.runtime.arrivals import Answered
from services.runtime.counting import Counting
from services.runtime.delivery import Delivery, deliver

WARNED = {"log_level": "warning", "saga_id": "saga-1"}


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
