"""How a process holds memory; how much that saves is measured by `python -m tests.bench`."""

import gc
from collections.abc import Iterator

import pytest

from services.runtime import heap


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)


def test_what_the_start_made_is_not_looked_at_again_and_the_rest_rarely():
    heap.collect_rarely()
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold()[0] == heap.COLLECT_AT_OBJECTS


def test_garbage_in_cycles_is_still_collected():
    heap.collect_rarely()
    made = gc.get_count()[0]
    for _ in range(3 * heap.COLLECT_AT_OBJECTS):
        cycle: list[object] = []
        cycle.append(cycle)
    assert gc.get_count()[0] < made + heap.COLLECT_AT_OBJECTS + 100


def test_the_allocator_takes_every_option_or_there_is_none():
    assert heap.keep_little() in ([1, 1, 1], [])  # mallopt answers 1 if it understood
