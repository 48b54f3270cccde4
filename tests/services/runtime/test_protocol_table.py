"""The table in the code has the cells of the table in docs/protocol.md, no more and no fewer."""

from itertools import product

import pytest
from cells_given import INNER_STATES, OUTER, PLACES, STATES, led

from services.runtime.protocol import TABLE

WRITTEN = """
arrives           | absent | pending | done | rejected | undoing | undone | blocked | parked | undo_parked
do                | x      | x       | x    | x        | x       | x      | x       | x      | x
undo, my turn     | x      | x       | x    | x        | x       | x      | x       | x      | x
undo, at or after | x      | x       | x    | x        | x       | x      | x       | x      | x
deadline          |        | x       |      |          |         |        |         | x      |
watch             |        |         | x    |          |         |        |         |        |
next              |        |         | x    |          |         |        |         |        |
try               |        | x       |      |          | x       |        |         |        |
answer            |        | x       |      |          | x       |        |         |        |
redrive           |        |         |      |          |         |        |         | x      | x
resolve           |        |         |      |          |         |        |         |        | x
"""
"""An x where the protocol says what is done, or that nothing is and it is counted. In the other
cells what arrives is void: a timer that came late, an answer that nobody waits for any more."""


def written() -> set[tuple[str, str]]:
    head, *rows = [line.split("|") for line in WRITTEN.strip().splitlines()]
    states = [state.strip() for state in head[1:]]
    return {
        (row[0].strip(), state)
        for row in rows
        for state, mark in zip(states, row[1:], strict=True)
        if mark.strip()
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
