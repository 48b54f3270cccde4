"""`onboarding schemas check`: whether the events keep to what was published."""

from contracts import generate
from contracts.events import EVENTS
from services.cli.errors import CliError
from services.cli.printing import note, write_line


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
