"""Puts the table of causes into docs/runbook.md, as the tests of `why` were told it.

    python -m tests.integration.why_table

Run after tests/integration/test_why_of_services.py and test_why_of_steps.py: they leave
.onboarding/reports/why.json.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from saga_state.why.cause import NAMES
from tests.integration.asked_why import REPORT
from tests.sources import ROOT

PAGE = ROOT / "docs" / "runbook.md"
BEGIN, END = "<!-- causes -->\n", "<!-- /causes -->\n"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PREFIX = re.compile(r"\bw[0-9a-f]{8}-")  # of the topics of a test


def table(told: Mapping[str, Mapping[str, str]]) -> str:
    """A row for each cause; ids are `ID`. KeyError names a cause that was not brought about."""
    rows = ["| cause | sentence | command |", "|---|---|---|"]
    for name in NAMES:
        one = told[name]
        rows.append(f"| `{name}` | {plain(one['sentence'])} | `{plain(one['command'])}` |")
    return "\n".join(rows) + "\n"


def plain(text: str) -> str:
    """Without what is of one run."""
    return _PREFIX.sub("", _UUID.sub("ID", text)).replace("|", "\\|")


def with_table(page: str, rows: str) -> str:
    """The page with the table between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{rows}{END}{after}"


def main() -> None:
    """Rewrite the page."""
    told = json.loads((Path.cwd() / REPORT).read_text())
    PAGE.write_text(with_table(PAGE.read_text(), table(told)))


if __name__ == "__main__":
    main()
