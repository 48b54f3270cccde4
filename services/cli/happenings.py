"""Tells what happens to the processes of the stack, a line each."""

from collections.abc import Mapping
from datetime import UTC, datetime

from rich.console import Console
from rich.text import Text

Fields = Mapping[str, object]


class Happenings:
    """Hears the supervisor's events. While it starts: who is ready; then: who crashed, is back."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._crashed: set[str] = set()

    def __call__(self, event: str, fields: Fields) -> None:
        name = str(fields["name"])
        match event:
            case "process.ready" if name in self._crashed:
                self._crashed.discard(name)
                self._say(f"{name} is back (pid {fields['pid']})", "green")
            case "process.ready":
                self._say(f"{name} is ready after {fields['seconds']} s", "dim")
            case "process.crashed":
                self._crashed.add(name)
                again = f"starts again in {fields['restart_seconds']} s"
                self._say(f"{name} ended with code {fields['code']}, {again}", "yellow")
            case "process.given_up":
                why = str(fields["reason"]).partition(";")[0]
                self._say(f"{name} was given up: {why}", "red")

    def _say(self, text: str, style: str) -> None:
        line = Text(f"{datetime.now(UTC):%H:%M:%S}Z  {text}", style=style)
        self._console.print(line, soft_wrap=True)
