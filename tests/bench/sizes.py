"""What a saga takes on the disks of Kafka and MongoDB, one copy each: `--only sizes`."""

from pathlib import Path
from typing import Any

from tests.bench.load import Broker, load_on, stack_of
from tests.bench.reporting import Figure, figure

SAGAS = 5_000
SYSTEM = ("admin", "config", "local")


async def measure(broker: Broker = "apache") -> list[Figure]:
    """Of completed sagas without outside systems."""
    async with stack_of(broker) as stack, load_on(stack) as load:
        mongo = load.sagas.database.client
        folder = stack.supervisor.folder.root
        before = await _taken(mongo, folder)
        await load.send(SAGAS)
        await load.until_projected(SAGAS, 300)
        after = await _taken(mongo, folder)
    return [
        figure(f"a saga: {name}", (after[name] - before[name]) / SAGAS, "bytes") for name in after
    ]


async def _taken(mongo: Any, folder: Path) -> dict[str, float]:
    await mongo.admin.command("fsync")
    taken = {"records on Kafka": _of_logs(folder)}
    taken |= dict.fromkeys(("documents in MongoDB", "on its disk", "indexes"), 0.0)
    for name in await mongo.list_database_names():
        if name not in SYSTEM:
            told = await mongo[name].command("dbStats")
            taken["documents in MongoDB"] += told["dataSize"]
            taken["on its disk"] += told["storageSize"]
            taken["indexes"] += told["indexSize"]
    return taken


def _of_logs(folder: Path) -> float:
    return float(sum(one.stat().st_size for one in folder.rglob("onboarding.*/*.log")))
