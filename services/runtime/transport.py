"""Faust's transport on aiokafka, without what costs most where batches are small.

It touches internals of Faust, mode and aiokafka, whose versions are pinned; the tests that agent.py
names show that nothing is lost by it.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from aiokafka.errors import KafkaError
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from mode.utils.futures import maybe_async

from services.runtime.settings import Settings
from services.runtime.vitals import fail_stop


def transport(settings: Settings) -> type[Transport]:
    """Faust's transport, its consumer in the service's loop, its fetch wait of 1.5 s a setting."""

    class OurConsumer(_Consumer):
        def _new_consumer_thread(self) -> "_NoThread":
            one = _NoThread(self, loop=self.loop, thread_loop=self.loop, beacon=self.beacon)
            one.settings = settings
            return one

    return type("OurTransport", (Transport,), {"Consumer": OurConsumer})


def look_for_leaders(consumer: Any) -> None:
    """Let a consumer that asks where a log begins ask anew who leads it, when that failed.

    aiokafka asks the broker of before again and again, until its metadata is five minutes old
    (robinhood/aiokafka issue 9); nothing of those partitions is read, and sagas time out.
    """
    client, ask = consumer._client, consumer._fetcher._proc_offset_request

    async def ask_and_look(node: int, topics: Any) -> Any:
        try:
            return await ask(node, topics)
        except KafkaError:
            client.force_metadata_update()
            raise

    consumer._fetcher._proc_offset_request = ask_and_look


def tell_of_refusals(consumer: Any) -> None:
    """End the process when its group refuses it, as for a session timeout that the broker does not
    allow, or when nobody keeps it in the group any more. aiokafka would tell whoever polls next;
    Faust does not poll, and would wait for ever."""

    def refused(error: BaseException) -> None:
        fail_stop(f"the consumer group refuses this worker: {type(error).__name__}")

    def end_if_failed(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            fail_stop(f"this worker cannot stay in its consumer group: {type(error).__name__}")

    consumer._coordinator._push_error_to_user = refused
    consumer._coordinator._coordination_task.add_done_callback(end_if_failed)


def leave_only_what_stands(consumer: Any) -> None:
    """In the middle of a rebalance, have a consumer that stops not leave its group but be missed.

    Who leads a group of Tansu 0.6.0 and leaves it then leads it for ever: each worker that comes
    waits for the one that is gone, and nothing of the topics is read any more. A join that
    was cut off has asked for another; of a rebalance that the consumer does not know of a heartbeat
    tells.
    """
    coordinator = consumer._coordinator
    leave = coordinator._maybe_leave_group

    async def leave_if_it_stands() -> None:
        with suppress(KafkaError):
            if await coordinator._do_heartbeat() and not _rebalances(coordinator):
                await leave()

    coordinator._maybe_leave_group = leave_if_it_stands


def _rebalances(coordinator: Any) -> bool:
    rebalances: bool = coordinator._rejoin_needed_fut.done()
    return rebalances


class _Task:
    """Stands in for the thread that Faust would start: a task of the service's own loop."""

    def __init__(self, service: "_NoThread") -> None:
        self._service = service
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._service._serve())

    def stop(self) -> None:
        """Nothing to join: whoever stops the service has waited for its end."""


class _NoThread(AIOKafkaConsumerThread):
    """Faust keeps its consumer in a thread, so that heartbeats go on while a handler computes.
    Ours never do so for long, and each crossing of threads costs more than the work of an event.
    """

    Worker: Any = _Task
    settings: Settings

    async def on_start(self) -> None:
        await super().on_start()
        if not self.settings.kafka_leave_in_rebalance:
            leave_only_what_stands(self._consumer)
        look_for_leaders(self._consumer)
        tell_of_refusals(self._consumer)

    async def seek_to_committed(self) -> Any:
        """Also where nothing was committed: aiokafka leaves such a partition where it is, and what
        was handed out before a rebalance, or during one, would be passed over for ever. Where a log
        begins later than at 0, aiokafka then looks for its beginning."""
        found = await super().seek_to_committed()
        for partition, offset in found.items():
            if self._consumer and not offset:
                self._consumer.seek(partition, 0)
        return found

    def _create_worker_consumer(self, transport: Transport) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = self.settings.fetch_max_wait_ms
        return consumer

    async def call_thread(self, fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return await maybe_async(fun(*args, **kwargs))

    async def _gather_remaining_tasks(self) -> None:
        """Those of the loop are not its own."""


class _Consumer(Consumer):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.queues: list[Any] = []

    async def wait_first(self, *coros: Any, **limits: Any) -> Any:
        """Faust makes four tasks per message here, to give up waiting when a rebalance begins. A
        message that can be put into the queue at once waits for nothing."""
        if len(coros) == 2 and coros[0].__name__ == "on_message" and self._has_room():
            handing_over, suspended = coros
            suspended.close()
            return await handing_over
        return await super().wait_first(*coros, **limits)

    def _has_room(self) -> bool:
        flows = self.flow_active and self.app.flow_control.is_active()
        return flows and bool(self.queues) and not any(queue.full() for queue in self.queues)
