"""What the documents name is there: files, tests by their names, and codes."""

import re
from typing import get_args

import pytest

from contracts.facts import DocumentType
from saga_state.asking import CODE
from saga_state.why.cause import NAMES
from services.cli.main import app
from services.gateway.audit import What
from services.steps import all_steps
from tests.sources import ROOT

COMMANDS = {one.name for one in (*app.registered_commands, *app.registered_groups)}
NO_CODES = {*get_args(DocumentType), "ON_FILE"}  # other names of that form in the steps
PAGES = sorted(page.relative_to(ROOT) for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")))
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
_FILE = re.compile(
    r"`((?:tests|services|contracts|saga_state|deploy|docs)/[\w/.-]+\.(?:py|md|json))`"
)
_LINK = re.compile(r"\]\((?!http)([^)#]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_what_a_page_names_is_there(page):
    text = (ROOT / page).read_text()
    missing = [path for path in _FILE.findall(text) if not (ROOT / path).exists()]
    missing += [link for link in _LINK.findall(text) if not (ROOT / page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_each_test_that_a_page_names_is_there(page):
    named = _TEST.findall((ROOT / page).read_text())
    assert [one for one in named if not _is_there(*one)] == []


def test_the_table_of_anomalies_names_a_test_in_every_row():
    text = (ROOT / "docs/anomalies.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| **")]
    assert len(rows) >= 12
    assert [row for row in rows if not _TEST.search(row)] == []


@pytest.mark.parametrize(
    "step", [one for one in all_steps() if one.outside_no], ids=lambda one: one.name
)
def test_the_code_of_an_outside_no_is_told_to_the_operator(step):
    row = f"| {step.name} | {step.outside_no.code} |"
    assert row in (ROOT / "docs/operate.md").read_text().splitlines()


@pytest.mark.parametrize("step", all_steps(), ids=lambda one: one.name)
def test_all_codes_of_a_step_are_in_the_table_of_rules_and_counted_from_the_start(step):
    rows = (ROOT / "docs/rules.md").read_text().splitlines()
    row = next(one for one in rows if one.startswith(f"| {step.name} | "))
    assert row.split("|")[3].strip() == ", ".join(step.says_no_with)
    declared = [no.code for no in (*step.taken.values(), step.outside_no) if no]
    assert {*declared} <= {*step.says_no_with}
    texts = [file.read_text() for file in (ROOT / "services" / step.name).glob("*.py")]
    codes = {code for text in texts for code in re.findall(r'"([A-Z]+(?:_[A-Z]+)+)"', text)}
    assert codes - set(step.says_no_with) <= NO_CODES


def test_the_code_of_what_a_person_asks_is_told_to_those_who_listen():
    assert f" {CODE} (" in (ROOT / "docs/integrate.md").read_text()


@pytest.mark.parametrize("cause", NAMES)
def test_the_runbook_has_a_section_of_each_cause_with_output_from_a_run(cause):
    """`python -m tests.integration.why_page` puts it there."""
    page = (ROOT / "docs/runbook.md").read_text()
    assert f"| [`{cause}`](#{cause}) | " in page
    assert f'<a id="{cause}"></a>' in page
    assert re.search(rf"<!-- why {cause} -->\n```\n\$ onboarding why ID\n\S.*\n saga ", page)


def test_all_that_the_audit_knows_is_listed_for_those_who_ask_for_it():
    page = (ROOT / "docs/rest.md").read_text()
    assert [what for what in get_args(What) if what not in page] == []


def test_no_block_of_the_runbook_is_empty_and_each_command_says_something():
    page = (ROOT / "docs/runbook.md").read_text()
    assert re.findall(r"<!-- [\w ]+ -->\n<!-- / -->", page) == []
    assert re.findall(r"^\$ onboarding .*(?=\n(?:\$ |```))", page, re.MULTILINE) == []


def test_the_runbook_names_no_command_that_does_not_exist():
    page = (ROOT / "docs/runbook.md").read_text()
    named = set(re.findall(r"onboarding ((?:dlq |topics )?[a-z]+)", page))
    assert {one for one in named if one.partition(" ")[0] not in COMMANDS} == set()


def _is_there(path: str, name: str) -> bool:
    file = ROOT / path
    return file.exists() and bool(re.search(rf"def {name}\(", file.read_text()))
