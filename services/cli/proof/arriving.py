"""How something arrives at a step under the real code: by the log, by the sweeper, as an answer."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from contracts.envelope import Record
from services.cli.proof.play import Play
from services.runtime import delivery as real
from services.runtime.arrivals import Arrival
from services.runtime.delivery import Delivery
from services.runtime.step import Outcome
from services.runtime.sweeper import what_is_due

What = Callable[[Delivery, Play], Awaitable[None]]
Handler = Callable[[Any, Any], Outcome]


async def deliver(record: Record, delivery: Delivery, ports: Play) -> None:
    """A record, as the agent does it: when all is done it is acknowledged."""
    await real.deliver(delivery, [record])
    ports.acknowledge()


async def settle(arrival: Arrival, delivery: Delivery, ports: Play) -> None:
    """Time, or an answer."""
    assert ports.document is not None
    await real.settle(delivery, {ports.saga: [arrival]}, {ports.saga: ports.document})
    ports.acknowledge()


async def try_again(delivery: Delivery, ports: Play) -> None:
    """What the sweeper makes of a try that is due: of a step that was parked before it noted a plan
    that is its event, from the stored record."""
    assert ports.document is not None
    in_time = replace(ports.document, deadline_at=None, watch_at=None)
    arrival = what_is_due(delivery, in_time, ports, delivery.part.now())
    if arrival is not None:
        arrivals = {ports.saga: [arrival]}
        await real.settle(delivery, arrivals, {ports.saga: ports.document})
    ports.acknowledge()


def broken(*_: object) -> Outcome:
    """A handler that meets a bug."""
    raise ArithmeticError("a bug")
