"""`onboarding schemas`: the events, their schemas and examples, and whether they keep to these."""

from contracts import generate, schema_files
from contracts.events import EVENTS
from contracts.json_schemas import as_file
from contracts.participants import participants
from contracts.topics import event_topic
from services.cli.errors import USAGE, CliError
from services.cli.options import Output
from services.cli.printing import answer, note, write_line


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


def check_schemas() -> None:
    """CliError (1) if files have drifted from the events, or break what was published."""
    wrong = [f"{name} is not as generated: {generate.COMMAND}" for name in generate.drifted()]
    wrong += [f"breaks what was published: {why}" for why in _broken()]
    for line in wrong:
        write_line(line)
    if wrong:
        raise CliError(f"{len(wrong)} things are wrong with the schemas")
    write_line(f"{len(EVENTS)} events keep to what was published")


def _broken() -> list[str]:
    try:
        return generate.broken()
    except ModuleNotFoundError as error:
        note(f"compatibility was not compared: {error.name} is not installed (a development tool)")
        return []
