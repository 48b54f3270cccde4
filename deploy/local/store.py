"""The MongoDB commands that make a mongod of ours a replica set of one."""

from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

REPLICA_SET = "onboarding"
NOT_YET_INITIATED = 94
DURABLE = (
    f"replicaSet={REPLICA_SET}&w=majority&journal=true&retryWrites=true&readConcernLevel=majority"
    "&serverSelectionTimeoutMS=5000&connectTimeoutMS=3000&socketTimeoutMS=20000&wTimeoutMS=10000"
)


def uri(host: str) -> str:
    """The address for clients: majority and journal on every write, a limit on every wait."""
    return f"mongodb://{host}/?{DURABLE}"


async def is_primary(host: str) -> bool:
    """Whether it takes writes; a fresh one is initiated, one that moved to `host` told so."""
    async with AsyncMongoClient[dict[str, Any]](
        f"mongodb://{host}/?directConnection=true&serverSelectionTimeoutMS=1000"
    ) as client:
        try:
            await _join(client, host)
            return bool((await client.admin.command("hello")).get("isWritablePrimary"))
        except PyMongoError:
            return False


async def _join(client: AsyncMongoClient[dict[str, Any]], host: str) -> None:
    try:
        config = (await client.admin.command("replSetGetConfig"))["config"]
    except OperationFailure as failure:
        if failure.code != NOT_YET_INITIATED:
            raise
        fresh = {"_id": REPLICA_SET, "members": [{"_id": 0, "host": host}]}
        await client.admin.command("replSetInitiate", fresh)
        return
    if config["members"][0]["host"] != host:  # kept data, other port
        config["members"][0]["host"] = host
        moved = {**config, "version": config["version"] + 1}
        await client.admin.command("replSetReconfig", moved, force=True)
