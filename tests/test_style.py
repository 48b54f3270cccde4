"""What keeps the code short enough to be read."""

import ast
import re
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.sources import ALL, ROOT, Rule, Source, breaches, breaks


def no_leftovers(source: Source) -> Iterator[str]:
    yield from re.findall(r"\b(?:TODO|FIXME|XXX|HACK)\b", source.text)


def not_too_long(source: Source) -> Iterator[str]:
    if (lines := len(source.text.splitlines())) > 250:
        yield f"{lines} lines"


def opens_with_a_sentence(source: Source) -> Iterator[str]:
    if source.path.endswith("__main__.py"):
        return
    told = (ast.get_docstring(source.tree) or "").partition("\n")[0]
    if not re.fullmatch(r"\S.+[.:]", told):
        yield f"opens with {told!r}"


STYLE: dict[Rule, str] = {
    no_leftovers: "x = 1  # TODO: 2",
    not_too_long: "x = 1\n" * 251,
    opens_with_a_sentence: '"""no sentence"""',
}


@pytest.mark.parametrize("rule", STYLE, ids=lambda rule: rule.__name__)
def test_all_packages_keep_the_style(rule):
    assert breaches(rule, ALL) == {}


@pytest.mark.parametrize(("rule", "code"), STYLE.items())
def test_each_rule_finds_what_breaks_it(rule, code):
    assert breaks(rule, code)


@pytest.mark.parametrize("path", ["services/runtime/delivery.py", "contracts/journey.py"])
def test_the_two_pages_a_newcomer_reads_first_stay_pages(path):
    lines = (ROOT / path).read_text().splitlines()
    assert len(lines) <= 150
    assert max(map(len, lines)) <= 100


def test_no_two_files_of_tests_share_a_name():
    names = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert {name for name, count in names.items() if count > 1} == set()
