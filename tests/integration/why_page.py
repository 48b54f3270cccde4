"""Puts what the tests of `why` were told into docs/runbook.md: the table of causes, and the outputs.

    python -m tests.integration.why_page

Run after tests/integration/test_why_of_services.py, test_why_of_steps.py and
test_why_of_topics_and_groups.py: they leave .onboarding/reports/why.json. In the page a mark
`<!-- why NAME -->` is followed by what `why` told of that cause, `<!-- then NAME -->` by the
command that it named, what came of it, and of the saga; `<!-- all -->` by what `why --all` told.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from saga_state.why.cause import NAMES
from tests.integration.asked_why import REPORT
from tests.sources import ROOT

PAGE = ROOT / "docs" / "runbook.md"
MOST_LINES = 10
Told = Mapping[str, Mapping[str, str]]
_BLOCK = re.compile(r"<!-- (\w+) ?(\w*) -->\n.*?<!-- / -->\n", re.DOTALL)
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\bwhy-[0-9a-f]{8}")
_PREFIX = re.compile(r"\bw[0-9a-f]{8}-")  # of the topics of a test


def filled(page: str, told: Told) -> str:
    """The page with its blocks as they were told. KeyError names what was not brought about."""

    def block(found: re.Match[str]) -> str:
        what, name = found[1], found[2]
        inner = _table(told) if what == "table" else _BLOCKS[what](told[name or what])
        mark = " ".join(filter(None, (what, name)))
        return f"<!-- {mark} -->\n{inner}\n<!-- / -->\n"

    return _BLOCK.sub(block, page)


def _table(told: Told) -> str:
    rows = ["| cause | sentence | command |", "|---|---|---|"]
    for name in NAMES:
        sentence, command = (_ID.sub("ID", told[name][key]) for key in ("sentence", "command"))
        rows.append(f"| [`{name}`](#{name}) | {sentence} | `{command}` |")
    return _own("\n".join(rows))


def _why(one: Mapping[str, str]) -> str:
    lines = [line.rstrip() for line in one["shown"].splitlines() if line.strip()]
    return _own("\n".join(["```", "$ onboarding why ID", *lines, "```"]))


def _all(one: Mapping[str, str]) -> str:
    lines = [line.rstrip() for line in one["shown"].splitlines() if line.strip()]
    return _own("\n".join(["```", "$ onboarding why --all", *lines, "```"]))


def _then(one: Mapping[str, str]) -> str:
    came = [line.rstrip() for line in one.get("helped", "").splitlines() if line.strip()]
    cut = [*came[:MOST_LINES], "…"] if len(came) > MOST_LINES else came
    after = ["$ onboarding why ID", one["after"], "…"] if one.get("after") else []
    return _own("\n".join(["```", f"$ {one['command']}", *cut, *after, "```"]))


def _own(text: str) -> str:
    return _PREFIX.sub("", text).replace(str(Path.home()), "~")


_BLOCKS = {"why": _why, "then": _then, "all": _all}


def main() -> None:
    """Rewrite the page."""
    PAGE.write_text(filled(PAGE.read_text(), json.loads((ROOT / REPORT).read_text())))


if __name__ == "__main__":
    main()
