"""`keys` and `audit`: who may use the gateway, and what was done."""

from typing import Annotated

import typer

from services.cli.options import Data, Out, Output, Tenant, tenant_name

Name = Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is; the audit names it.")]
Role = Annotated[str | None, typer.Option(help="viewer, operator or admin.")]
Scope = Annotated[
    list[str] | None, typer.Option("--scope", help="One scope more; may be repeated.")
]
Days = Annotated[int | None, typer.Option(min=1, max=3650, help="Counts for so long.")]
By = Annotated[str | None, typer.Option(help="Who does it (default: the user of this machine).")]
KeyId = Annotated[str, typer.Argument(metavar="KEY_ID", help="As `keys list` shows it.")]
Hours = Annotated[
    float, typer.Option(min=0, max=8760, help="How long the old key goes on counting.")
]
OneTenant = Annotated[
    str | None,
    typer.Option("--tenant", metavar="NAME", help="Only of this tenant."),
]
Saga = Annotated[str | None, typer.Option("--saga", metavar="ID", help="Only on this saga id.")]
Who = Annotated[str | None, typer.Option(help="Only by this key or user, exactly as shown.")]
What = Annotated[str | None, typer.Option(help="Only these: saga.start, key.revoke, ...")]
Since = Annotated[
    str | None, typer.Option(metavar="TIME", help="Only since: 15m, 2h, 7d ago, or an ISO time.")
]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")]


def keys_create(
    name: Name,
    role: Role = None,
    scope: Scope = None,
    days: Days = None,
    by: By = None,
    data: Data = None,
    tenant: Tenant = "default",
    output: Out = Output.TABLE,
) -> None:
    """Make a key and show it, this once."""
    from services.cli.keys import NewKey, create_key
    from services.cli.wishes import person

    create_key(data, NewKey(name, tenant, role, scope or (), days), person(by), output)


def keys_list(data: Data = None, tenant: OneTenant = None, output: Out = Output.TABLE) -> None:
    """All keys: whose they are, what they may do, when they were last used."""
    from services.cli.keys import list_keys

    list_keys(data, None if tenant is None else tenant_name(tenant), output)


def keys_rotate(
    key_id: KeyId,
    hours: Hours = 24,
    by: By = None,
    data: Data = None,
    output: Out = Output.TABLE,
) -> None:
    """Make a key in the place of another, which goes on counting for a while."""
    from services.cli.keys import rotate_key
    from services.cli.wishes import person

    rotate_key(data, key_id, hours, person(by), output)


def keys_revoke(key_id: KeyId, by: By = None, data: Data = None) -> None:
    """Have a key count no longer."""
    from services.cli.keys import revoke_key
    from services.cli.wishes import person

    revoke_key(data, key_id, person(by))


def audit_list(
    saga: Saga = None,
    who: Who = None,
    what: What = None,
    since: Since = None,
    limit: Limit = 50,
    data: Data = None,
    tenant: Tenant = "default",
    output: Out = Output.TABLE,
) -> None:
    """What was done, the latest first."""
    from services.cli.audit import list_acts
    from services.cli.times import since_or_none
    from services.gateway.audit import AuditWanted

    wanted = AuditWanted(saga, who, what, since_or_none(since))
    list_acts(data, tenant, wanted, limit, output)
