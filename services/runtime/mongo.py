"""The connection to MongoDB: what is acknowledged, how long is waited, what may be tried again."""

import re
from collections.abc import Sequence
from datetime import UTC
from typing import Any

from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient, ReadPreference
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
    WTimeoutError,
)
from pymongo.monitoring import CommandListener
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from services.runtime.patience import patiently
from services.runtime.settings import PREFIX, SettingsError
from services.runtime.vitals import Vitals

MONGO = f"{PREFIX}MONGO"
UNAUTHORIZED, AUTHENTICATION_FAILED = 13, 18
_DATABASE = re.compile(r"not authorized on (\S+) to execute")
Client = AsyncMongoClient[dict[str, Any]]


def connect(
    uri: str, answer_seconds: float = 5.0, listeners: Sequence[CommandListener] = ()
) -> Client:
    """A client all of whose waits end; what counts as written is said by `database`. `listeners`
    hear of each command.

    SettingsError, one line without a word of the URI, if it cannot be read.
    """
    try:
        return AsyncMongoClient(
            uri,
            appname="onboarding",
            serverSelectionTimeoutMS=round(answer_seconds * 1000),
            connectTimeoutMS=5_000,
            socketTimeoutMS=20_000,
            waitQueueTimeoutMS=10_000,
            tz_aware=True,
            tzinfo=UTC,
            event_listeners=listeners,
        )
    except OSError:
        line = "its tlsCAFile or tlsCertificateKeyFile cannot be read, or is none (PEM)"
    except (ConfigurationError, ValueError):
        line = "cannot be read: user and password must be percent-encoded, options must be known"
    raise SettingsError(f"{MONGO}: {line}")


def database(client: Client, name: str) -> AsyncDatabase[dict[str, Any]]:
    """A database with the concerns that delivery relies on, whatever the URI says."""
    return client.get_database(
        name,
        codec_options=CodecOptions(tz_aware=True, tzinfo=UTC),
        write_concern=WriteConcern(w="majority", j=True, wtimeout=15_000),
        read_concern=ReadConcern("majority"),
        read_preference=ReadPreference.PRIMARY,
    )


async def check(client: Client, name: str, vitals: Vitals) -> None:
    """Wait for a server, and ask it. SettingsError, one line, if it refuses us, or is not one that
    we trust; who waits for it beside this would wait for ever then."""

    async def ask() -> None:
        try:
            await database(client, name).instances.find_one({}, {"_id": 1})
        except PyMongoError as error:
            if (line := refused(error)) is not None:
                raise SettingsError(line) from None
            raise

    await patiently("mongo", vitals, ask, transient)


def refused(error: BaseException) -> str | None:
    """Why no try will ever be let in, in one line; None: it is away, or the error is another."""
    if isinstance(error, OperationFailure) and error.code == AUTHENTICATION_FAILED:
        return f"{MONGO}: the server refuses its user and password (or authSource= is another)"
    if isinstance(error, OperationFailure) and error.code == UNAUTHORIZED:
        named = _DATABASE.search(str(error))
        return f"{MONGO}: its user lacks a right on the database {named[1] if named else '?'}"
    if isinstance(error, ConnectionFailure) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return (
            f"{MONGO}: the certificate of the server is not trusted: tlsCAFile= names authorities"
        )
    return None


def transient(error: BaseException) -> bool:
    """Whether trying again can help: the server is away, changes its primary, or is slow."""
    if isinstance(error, BulkWriteError):
        return bool(error.details.get("writeConcernErrors"))
    return isinstance(
        error, ConnectionFailure | ExecutionTimeout | WTimeoutError | WriteConcernError
    )
