"""The API key of a stack that `up` runs: kept in its state folder, registered at each start."""

import os
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.folder import StateFolder
from services.cli.errors import CliError
from services.gateway.key_store import KeyStore
from services.gateway.keys import Key, digest_of, id_in, new_secret, opens
from services.gateway.roles import ROLES
from services.runtime.mongo import Client
from services.runtime.settings import Settings

OWNER_ONLY = 0o600


async def register(client: Client, settings: Settings, folder: Path) -> None:
    """Have the gateway know the key of the folder; a new one if there is none. CliError (1) if
    the file holds something else, or cannot be written."""
    text = _kept(folder)
    key_id = id_in(text) or ""
    keys = KeyStore(client, settings.database("onboarding_gateway"))
    await keys.ensure()
    now = datetime.now(UTC)
    await keys.add(Key(key_id, digest_of(text), "up", "default", ROLES["admin"], now, "up"))
    if (key := await keys.find(key_id)) is None or not opens(key, text, now):
        file = StateFolder(folder).key_file
        raise CliError(f"the key in {file} was revoked: delete it, and `up` makes a new one")


def stack_key(folder: Path) -> str | None:
    """The key of a folder; None without one."""
    try:
        return StateFolder(folder.absolute()).key_file.read_text().strip() or None
    except FileNotFoundError:
        return None


def _kept(folder: Path) -> str:
    file = StateFolder(folder.absolute()).key_file
    try:
        if not file.exists():
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT, OWNER_ONLY), "w") as kept:
                kept.write(f"{new_secret()[0]}\n")
        file.chmod(OWNER_ONLY)
        text = file.read_text().strip()
    except OSError as error:
        raise CliError(f"{file}: {error.strerror}") from None
    if id_in(text) is None:
        raise CliError(f"{file} holds no API key: delete it, and `up` makes a new one")
    return text
