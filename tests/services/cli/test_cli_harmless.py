"""What anybody said is shown on a terminal as text: it moves no cursor, and turns no line."""

import json

import pytest

from services.cli.main import run
from services.cli.options import Output
from services.cli.printing import answer, note, write_line

ODD = "a\x1b]0;x\x07\x1b[2Jb\x9bc\r\u202ed\x7f"
SIGNS = ("\x1b", "\x07", "\x9b", "\r", "\u202e", "\x7f")


@pytest.mark.parametrize("output", Output)
def test_no_value_of_a_saga_acts_on_a_terminal(capsys, output):
    answer([{"saga": ODD, "text": "Peña\ttab"}], output)
    shown = capsys.readouterr().out
    assert [sign for sign in SIGNS if sign in shown] == []
    assert "Peña" in shown
    if output is not Output.TABLE:
        told = json.loads(shown)
        assert (told[0] if output is Output.JSON else told)["saga"] == ODD


def test_nor_does_a_note_a_line_or_an_error(capsys):
    note(ODD)
    write_line(f"{ODD}\nnext")
    assert run(["status", ODD, "--data", "nowhere"]) != 0
    told = capsys.readouterr()
    assert [sign for sign in SIGNS if sign in told.out + told.err] == []
    assert told.out.endswith("\nnext\n")
