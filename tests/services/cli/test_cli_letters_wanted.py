"""Which letters are meant: sagas by any of their ids, classes that there are, and letters by id."""

from dataclasses import dataclass, field, replace

import pytest
from letters_given import Topics

from contracts import poison
from services.cli.dlq import nothing_of
from services.cli.errors import CliError
from services.cli.letters_wanted import check_names, looked_up
from services.cli.projection import newest_saga, sagas_of
from services.letters.chosen import Which


@dataclass
class Projection:
    """Finds by these ids; remembers what it was asked."""

    known: dict[str, tuple[str, ...]]
    asked: list[str] = field(default_factory=list)

    async def find(self, tenant_id: str, text: str, limit: int) -> list:
        self.asked.append(text)
        return [{"_id": one} for one in self.known.get(text, ())]

    async def __call__(self, text: str) -> list:
        return await sagas_of(self, "acme", text)


@pytest.fixture
def topics() -> Topics:
    made = Topics()
    made.parked(1, saga="saga-1")
    made.parked(2, saga="saga-2")
    made.poison(3, headers=(("ce_sagaid", b"unknown"),))
    return made


async def found(topics: Topics, text: str) -> list[str]:
    projection = Projection({"corr-1": ("saga-1",), "p-1": ("saga-1", "saga-2")})
    which = await looked_up(Which(sagas=(text,)), topics.letters(), projection)
    return [one.saga_id for one in topics.letters() if which(one)]


@pytest.mark.parametrize(
    ("text", "sagas"),
    [("saga-1", ["saga-1"]), ("corr-1", ["saga-1"]), ("p-1", ["saga-1", "saga-2"])],
)
async def test_letters_are_found_by_saga_partner_or_correlation_id(topics, text, sagas):
    assert await found(topics, text) == sagas


async def test_that_an_id_stands_for_several_sagas_is_said(topics, capsys):
    await found(topics, "p-1")
    assert capsys.readouterr().err == "note: p-1 stands for 2 sagas; all of them are meant\n"


async def test_letters_of_a_saga_that_the_projection_does_not_know_are_found_without_it(topics):
    projection = Projection({})
    which = await looked_up(Which(sagas=("unknown",)), topics.letters(), projection)
    assert [one.error_class for one in topics.letters() if which(one)] == ["UNKNOWN_TYPE"]
    assert projection.asked == []


async def test_an_id_of_nothing_is_told_as_status_tells_it(topics):
    projection = Projection({})
    with pytest.raises(CliError) as told:
        await looked_up(Which(sagas=("nope",)), topics.letters(), projection)
    with pytest.raises(CliError) as by_status:
        await newest_saga(projection, "acme", "nope")
    assert str(told.value) == str(by_status.value)
    assert told.value.exit_code == by_status.value.exit_code == 1


async def test_letters_that_are_not_there_are_named(topics):
    known = topics.letters()[0].id
    with pytest.raises(CliError, match="no letter nope: give an id or"):
        await looked_up(Which(refs=(known, "nope")), topics.letters(), Projection({}))
    assert await looked_up(Which(refs=(known,)), topics.letters(), Projection({}))


@pytest.mark.parametrize("name", ["INVALID_JSON", "PARKED", "UNDO_PARKED"])
def test_a_class_that_there_is_can_be_asked_for(name):
    check_names(Which(error_class=name), "default")


def test_all_classes_of_what_cannot_be_read_are_known():
    assert set(poison.ERROR_CLASSES) == {name for name in vars(poison) if name.isupper()} - {
        "ERROR_CLASSES"
    }


def test_a_class_without_letters_is_named_with_how_many_others_wait(topics):
    which, letters = Which(error_class="INVALID_JSON"), topics.letters()
    told = "no letter of class INVALID_JSON waits"
    assert nothing_of(which, letters, everything=False) == f"{told}; 3 others do"
    assert nothing_of(which, letters[:1], everything=False) == f"{told}; 1 other does"
    dealt_with = [replace(one, now="discarded") for one in letters]
    assert nothing_of(which, dealt_with, everything=False) == told
    assert nothing_of(Which(), [], everything=False) == "no letter waits"
    assert nothing_of(Which(), [], everything=True) == "there is no letter"
