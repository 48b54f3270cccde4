"""`onboarding schemas`: the events, their schemas and examples."""

from contracts import schema_files
from contracts.events import EVENTS
from contracts.json_schemas import as_file
from contracts.participants import participants
from contracts.topics import event_topic
from services.cli.errors import USAGE, CliError
from services.cli.options import Output
from services.cli.printing import answer, write_line


def list_schemas(output: Output) -> None:
    """One row per event and version."""
    rows = [
        {
            "event": name,
            "version": version,
            "topic": event_topic(name),
            "said_by": [one.name for one in participants() if name in one.says],
            "heard_by": [one.name for one in participants() if name in one.hears],
        }
        for name, version in EVENTS
    ]
    answer(rows, output)


def show_schema(event: str, version: int, example: bool) -> None:
    """The file as it is committed; CliError (2) if there is none."""
    names = {name.lower(): name for name, _ in EVENTS}
    name = names.get(event.lower(), event)
    try:
        read = schema_files.example if example else schema_files.schema
        found = read(name, version)
    except FileNotFoundError:
        line = f"no event {event} in version {version}: `onboarding schemas list` shows them"
        raise CliError(line, USAGE) from None
    write_line(as_file(found).rstrip())
