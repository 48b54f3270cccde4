"""Long work shows on a terminal how far it is, how fast, and how long still; elsewhere nothing."""

import io
import re
import sys

from services.cli.progress import Bar


class Terminal(io.StringIO):
    """What somebody looks at."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_is_told_how_far_how_fast_and_how_long_still(monkeypatch):
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with Bar() as bar:
        bar.begin("reading", 500, 2_000)
        bar.tell(1_000)
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.getvalue())
    assert re.search(r"reading .*1000/2000 +[0-9,]+/s +[0-9:-]+", text), text


def test_a_file_is_told_nothing(monkeypatch):
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    with Bar() as bar:
        bar.begin("reading", 0, 10)
        bar.tell(10)
    assert shown.getvalue() == ""
