"""Acts of the command line in the audit: who acted is the user of this machine."""

import getpass
import socket
from datetime import UTC, datetime

from services.cli.printing import note
from services.cli.reaching import mongo_at, mongo_is_away
from services.cli.running_stack import Found
from services.gateway.audit import What, act
from services.gateway.audit_store import AuditStore
from services.runtime.mongo import Client
from services.runtime.settings import Settings, SettingsError

WHERE = "cli"
EVERYBODY = "default"  # the tenant that is told of what concerns them all


async def tell(
    client: Client,
    settings: Settings,
    tenant_id: str,
    by: str,
    what: What,
    *,
    saga_id: str | None = None,
    reason: str | None = None,
) -> None:
    """Add a record. `by` is who asks, as the person said; the user of the machine is told too."""
    now = datetime.now(UTC)
    who = by if by == _user() else f"{by} ({_user()})"
    record = act(
        now, tenant_id, f"{who}@{socket.gethostname()}", what,
        where=WHERE, saga_id=saga_id, reason=reason,
    )  # fmt: skip
    await AuditStore(client, settings.database("onboarding_gateway")).add(record)


async def tell_if_possible(
    found: Found,
    tenant_id: str,
    by: str | None,
    what: What,
    *,
    saga_id: str | None = None,
    reason: str | None = None,
) -> None:
    """The same for what needs no MongoDB: it is done, and is not undone for want of a record.
    Nor for want of a name: without `by` it is the user of the machine, or unknown."""
    if "mongo" not in found.settings.model_fields_set:
        note("ONBOARDING_MONGO is not set: the audit does not know of this")
        return
    try:
        async with mongo_at(found.mongo) as client:
            who = by or _user()
            await tell(client, found.settings, tenant_id, who, what, saga_id=saga_id, reason=reason)
    except SettingsError as error:
        note(f"{error}: the audit does not know of this")
    except Exception as error:
        if not mongo_is_away(error):
            raise
        note(f"MongoDB does not answer ({type(error).__name__}): the audit does not know of this")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"
