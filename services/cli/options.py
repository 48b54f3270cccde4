"""The options that many commands share."""

import re
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from services.cli.errors import USAGE, CliError

DEFAULT_FOLDER = Path(".onboarding")


class Output(StrEnum):
    """How the answer is written: for people, as one JSON document, or as one object per line."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"


class Broker(StrEnum):
    """Which Kafka `up` runs on."""

    EMBEDDED = "embedded"
    APACHE = "apache"
    EXTERNAL = "external"


_TENANT = re.compile(r"[A-Za-z0-9._-]{1,64}")  # as services read `ce_tenantid`


def one_of(option: str, text: str | None, known: Iterable[str]) -> None:
    """CliError (2) names what it can be; None is an option that was not given."""
    names = list(known)
    if text is not None and text not in names:
        raise CliError(f"{option} {text}: it is one of {', '.join(names)}", USAGE)


def tenant_name(text: str) -> str:
    """As it was given; CliError (2) for what no tenant can be named."""
    if not _TENANT.fullmatch(text):
        raise CliError(f"--tenant {text}: write 1 to 64 of A-Z a-z 0-9 . _ -", USAGE)
    return text


Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="State folder of the stack (default: .onboarding)."),
]
Out = Annotated[Output, typer.Option("-o", "--output", help="How to write the answer.")]
Tenant = Annotated[
    str, typer.Option("--tenant", metavar="NAME", callback=tenant_name, help="Whose sagas.")
]
AnyId = Annotated[
    str, typer.Argument(metavar="ID", help="A saga id, a partner id or a correlation id.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; do nothing.")]
