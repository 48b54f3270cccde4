"""The table in the code has the cells of the table in docs/protocol.md, no more and no fewer."""

import re
from functools import cache
from itertools import product

import pytest
from cells_given import INNER_STATES, OUTER, PLACES, STATES, led

from services.runtime.protocol import TABLE
from tests.sources import ROOT


@cache
def written() -> set[tuple[str, str]]:
    """The cells that say what is done, or that nothing is and it is counted. In the empty ones what
    arrives is void: a timer that came late, an answer that nobody waits for any more."""
    section = (ROOT / "docs/protocol.md").read_text().partition("\n## The table\n")[2]
    lines = section.partition("\n## ")[0].splitlines()
    head, _, *rows = [line.split("|")[1:-1] for line in lines if line.startswith("|")]
    return {
        (re.findall(r"\*\*(.+?)\*\*", row[0])[0], state)
        for row in rows
        for states, told in zip(head[1:], row[1:], strict=True)
        for state in states.strip().split(", ")
        if told.strip()
    }


def test_every_cell_of_the_table_is_in_the_protocol_and_every_cell_of_the_protocol_in_the_table():
    assert {(row, state) for row, cells in TABLE.items() for state in cells} == written()


def test_the_columns_are_all_states_a_document_can_have():
    assert {state for _, state in written()} == set(STATES)


WORDS = {
    "do": "P(k-1)", "undo, my turn": "my turn", "undo, at or after": "R(k)", "deadline": "deadline",
    "watch": "watch", "next": "P(k+1)", "try": "try", "answer": "yes", "redrive": "redrive",
    "resolve": "resolve",
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_what_arrives_meets_the_cell_of_its_row_and_state(place):
    for row, (kind, states) in product(TABLE, (("inner", INNER_STATES), ("outer", tuple(OUTER)))):
        if row == "next" and place == "last":
            continue
        for state in states:
            one = led(place, kind, state)
            cell = (row, one.state)
            expected = ", ".join(cell) if cell in written() else "ignored"
            assert one.meets(WORDS[row]).cell == expected
