"""The options that many commands share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

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


Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="State folder of the stack (default: .onboarding)."),
]
Out = Annotated[Output, typer.Option("-o", "--output", help="How to write the answer.")]
Tenant = Annotated[str, typer.Option("--tenant", metavar="NAME", help="Whose sagas.")]
AnyId = Annotated[
    str, typer.Argument(metavar="ID", help="A saga id, a partner id or a correlation id.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; do nothing.")]
