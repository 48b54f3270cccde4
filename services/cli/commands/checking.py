"""`doctor`, `config`, `topics`, `schemas`, `journeys`: whether all is as it should be."""

from typing import Annotated

import typer

from services.cli.commands.access import By
from services.cli.options import Data, DryRun, Out, Output

EventName = Annotated[str, typer.Argument(metavar="EVENT", help="Such as ContractCreated.")]
EventVersion = Annotated[int, typer.Option("--event-version", min=1, help="Of the event.")]
Against = Annotated[
    str, typer.Option(metavar="REV|DIR", help="A git revision here, or a folder of other code.")
]
Example = Annotated[bool, typer.Option("--example", help="Its frozen example message instead.")]


def doctor(data: Data = None, output: Out = Output.TABLE) -> None:
    """Find what is wrong, and how to mend it."""
    from services.cli.doctor import examine

    examine(data, output)


def config(data: Data = None, output: Out = Output.TABLE) -> None:
    """All settings, and where they come from.

    Secrets are masked."""
    from services.cli.config import show_config

    show_config(data, output)


def topics_list(data: Data = None, output: Out = Output.TABLE) -> None:
    """The topics, who says and who hears what is on them, and whether they are there."""
    from services.cli.topics import list_topics

    list_topics(data, output)


def topics_create(by: By = None, data: Data = None, dry_run: DryRun = False) -> None:
    """Make the topics that are missing; none that exists is changed."""
    from services.cli.topics import make_topics
    from services.cli.wishes import person

    make_topics(data, person(by) if by else None, dry_run)


def topics_check(data: Data = None, output: Out = Output.TABLE) -> None:
    """Compare the topics with the settings; exit 1 if one is missing or differs."""
    from services.cli.topics import check

    check(data, output)


def topics_grow(
    partitions: Annotated[int, typer.Option(min=1, max=1000, help="Of each topic, afterwards.")],
    execute: Annotated[bool, typer.Option("--execute", help="Do it; else the plan is shown.")] = (
        False
    ),
    by: By = None,
    data: Data = None,
    output: Out = Output.TABLE,
) -> None:
    """Plan more partitions for all topics, or give them; exit 1 while a service reads them."""
    from services.cli.topics_grow import grow_topics
    from services.cli.wishes import person

    grow_topics(data, partitions, person(by) if by else None, execute, output)


def topics_acls(
    user_prefix: Annotated[
        str, typer.Option(metavar="TEXT", help="Before the name of each user.")
    ] = "onboarding-",
    output: Out = Output.TABLE,
) -> None:
    """Print the smallest set of rights on Kafka, as commands of kafka-acls.sh."""
    from services.cli.acls import show_acls

    show_acls(user_prefix, output)


def schemas_list(output: Out = Output.TABLE) -> None:
    """The events, their versions and topics, and who says and hears them."""
    from services.cli.schemas import list_schemas

    list_schemas(output)


def schemas_show(event: EventName, version: EventVersion = 1, example: Example = False) -> None:
    """Print the JSON Schema of an event, or its example message."""
    from services.cli.schemas import show_schema

    show_schema(event, version, example)


def schemas_check() -> None:
    """Whether the events still keep to what was published; exit 1 if not."""
    from services.cli.schemas import check_schemas

    check_schemas()


def journeys_list(ctx: typer.Context, data: Data = None, output: Out = Output.TABLE) -> None:
    """The versions of the journeys, the sagas on their way, and who knows them."""
    if ctx.invoked_subcommand is None:
        from services.cli.versions.listing import list_journeys

        list_journeys(data, output)


def journeys_check(against: Against, data: Data = None, output: Out = Output.TABLE) -> None:
    """Whether other code would strand sagas on their way; exit 1 if so.

    A process of its own says what journeys and events that code knows.
    """
    from services.cli.versions.check import check_journeys

    check_journeys(data, against, output)


def prove(
    most: Annotated[int, typer.Option(min=1, help="States of a world, at most.")] = 10_000_000,
    data: Data = None,
) -> None:
    """Search every order of events, crash and timeout of one saga for what must not be."""
    from services.cli.proof.proving import prove as prove_all

    prove_all(most, data)
