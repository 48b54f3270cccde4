"""The connection to MongoDB: what is acknowledged, how long is waited, what may be tried again."""

from datetime import UTC
from typing import Any

from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    WriteConcernError,
    WTimeoutError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from services.runtime.settings import PREFIX, SettingsError

MONGO = f"{PREFIX}MONGO"
UNAUTHORIZED, AUTHENTICATION_FAILED = 13, 18
Client = AsyncIOMotorClient[dict[str, Any]]


def connect(uri: str) -> Client:
    """A client that acknowledges only what a majority has in its journal; all waits end."""
    return AsyncIOMotorClient(
        uri,
        appname="onboarding",
        serverSelectionTimeoutMS=5_000,
        connectTimeoutMS=5_000,
        socketTimeoutMS=20_000,
        waitQueueTimeoutMS=10_000,
        tz_aware=True,
        tzinfo=UTC,
    )


def database(client: Client, name: str) -> AsyncIOMotorDatabase[dict[str, Any]]:
    """A database with the concerns that delivery relies on, whatever the URI says."""
    return client.get_database(
        name,
        codec_options=CodecOptions(tz_aware=True, tzinfo=UTC),
        write_concern=WriteConcern(w="majority", j=True, wtimeout=15_000),
        read_concern=ReadConcern("majority"),
    )


async def check(client: Client, name: str) -> None:
    """SettingsError, one line, if a server that answers refuses us, or is not one that we trust.
    One that is away is no matter here."""
    try:
        await database(client, name).instances.find_one({}, {"_id": 1})
    except OperationFailure as error:
        if error.code == AUTHENTICATION_FAILED:
            raise SettingsError(f"{MONGO}: the server refuses its user and password") from None
        if error.code == UNAUTHORIZED:
            raise SettingsError(f"{MONGO}: its user may not read the database {name}") from None
        raise
    except ConnectionFailure as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            line = "the certificate of the server is not trusted: tlsCAFile= names authorities"
            raise SettingsError(f"{MONGO}: {line}") from None


def transient(error: BaseException) -> bool:
    """Whether trying again can help: the server is away, changes its primary, or is slow."""
    if isinstance(error, BulkWriteError):
        return bool(error.details.get("writeConcernErrors"))
    return isinstance(
        error, ConnectionFailure | ExecutionTimeout | WTimeoutError | WriteConcernError
    )
