"""What a redrive or a discard tells: how much it is, and before it is done of which letters."""

import json

import pytest
from letters_given import Topics

from services.cli.dlq_telling import MOST_TOLD, Order, amount, say, told_of
from services.cli.options import Output
from services.cli.printing import progress_bar
from services.cli.start_words import left_out
from services.letters.chosen import Act, Which, selected


@pytest.fixture
def topics() -> Topics:
    return Topics()


def looked_at(topics: Topics, output: Output) -> None:
    act = Order("redriven", Which(), "mended", "ana", dry_run=True, output=output)
    chosen, left = selected(topics.letters(), act, "")
    say(act, chosen, told_of(act, chosen, left), "would be redriven")


def amount_of(topics: Topics) -> str:
    return amount(selected(topics.letters(), Act("redriven", Which(), "mended", "ana"), "")[0])


def test_records_are_told_from_letters_where_several_services_have_one_of_a_record(topics):
    topics.poison(3)
    assert amount_of(topics) == "1 letter"
    topics.poison(4)
    assert amount_of(topics) == "2 letters"
    topics.poison(3, "saga-state")
    topics.poison(4, "saga-state")
    assert amount_of(topics) == "2 records (4 letters)"
    topics.parked()
    assert amount_of(topics) == "3 records (5 letters, 1 parked step)"


def test_parked_steps_are_counted_beside(topics):
    topics.parked(0, saga="saga-1")
    topics.parked(1, saga="saga-2")
    assert amount_of(topics) == "2 letters (2 parked steps)"


def test_a_dry_run_lists_the_letters_as_json(topics, capsys):
    topics.poison(3, headers=(("ce_sagaid", b"saga-1"),))
    topics.poison(3, "saga-state", headers=(("ce_sagaid", b"saga-1"),))
    looked_at(topics, Output.JSON)
    told = json.loads(capsys.readouterr().out)
    assert (told["count"], told["letter_count"]) == (1, 2)
    assert told["letters"] == [
        {
            "id": topics.letters()[0].id,
            "service": service,
            "class": "UNKNOWN_TYPE",
            "saga_id": "saga-1",
        }
        for service in ("registration", "saga-state")
    ]


@pytest.mark.parametrize("more", [0, 5])
def test_a_dry_run_lists_the_first_letters_and_how_many_more_there_are(topics, capsys, more):
    for offset in range(MOST_TOLD + more):
        topics.poison(offset)
    looked_at(topics, Output.TABLE)
    told = capsys.readouterr().out
    listed = [one.id in told for one in topics.letters()]
    assert listed == [True] * MOST_TOLD + [False] * more
    assert ("and 5 more" in told) == (more == 5)
    assert f"would be redriven: {MOST_TOLD + more} letters, " in told.splitlines()[-1]


def test_where_nobody_looks_no_line_is_left_by_the_progress(capsys):
    with progress_bar() as progress:
        progress.update(progress.add_task("redriven", total=1), completed=1)
    assert capsys.readouterr() == ("", "")


def test_lines_that_were_left_out_are_counted_in_words_that_fit():
    assert left_out(1, 1) == "1 bad line was left out; 1 was sent"
    assert left_out(2, 0) == "2 bad lines were left out; 0 were sent"
