"""What a service of a world has still to read, and batches of it of any size and mixture."""

import random

from contracts.envelope import Record
from services.runtime.world import Worker, World

Place = tuple[str, int]


def unread(world: World, worker: Worker) -> list[Place]:
    """The topics and partitions that hold something for the worker."""
    return [
        (topic, partition)
        for topic in worker.topics
        for partition in range(world.log.partitions)
        if len(world.log.topics[topic][partition]) > worker.positions.get((topic, partition), 0)
    ]


def next_batch(
    world: World, worker: Worker, chance: random.Random
) -> tuple[list[Record], dict[Place, int]]:
    """Of several partitions in any order, of one in its own; and where each of them began."""
    taken, began = list[list[Record]](), dict[Place, int]()
    places = unread(world, worker)
    most = chance.randint(1, len(places)) if places else 0
    for topic, partition in chance.sample(places, most):
        start = began[topic, partition] = worker.positions.get((topic, partition), 0)
        records = world.log.topics[topic][partition][start:]
        taken.append(records[: chance.randint(1, len(records))])
        worker.positions[topic, partition] = start + len(taken[-1])
    batch: list[Record] = []
    while taken := [records for records in taken if records]:
        batch.append(chance.choice(taken).pop(0))
    return batch, began


def go_back(worker: Worker, began: dict[Place, int]) -> None:
    """Nothing of a batch was acknowledged: it comes again."""
    for place, position in began.items():
        worker.positions[place] = min(position, worker.positions[place])
