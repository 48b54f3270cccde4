"""Which letters a person means: by service, class, saga, id or place."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from contracts.poison import ERROR_CLASSES
from saga_state.document import Saga
from services.cli.errors import USAGE, CliError
from services.cli.letter_topics import letters_of
from services.cli.options import one_of
from services.cli.printing import note
from services.cli.projection import open_projection, sagas_of
from services.cli.running_stack import Found
from services.letters.chosen import Which, the_one_meant
from services.letters.letter import PARKINGS, Letter
from services.steps import step_names

MOST_SAGAS = 10_000  # of one partner or correlation id
Find = Callable[[str], Awaitable[Sequence[Saga]]]


def check_names(which: Which, tenant: str) -> None:
    """CliError (2) for a service or class that there is not, or a tenant of no saga."""
    one_of("--service", which.service, (*step_names(), "saga-state"))
    one_of("--class", which.error_class, (*ERROR_CLASSES, *PARKINGS))
    if tenant != "default" and not which.sagas:
        line = f"--tenant {tenant}: it says whose --saga ID is meant; give that too"
        raise CliError(line, USAGE)


async def letters_and_which(found: Found, which: Which, tenant: str) -> tuple[list[Letter], Which]:
    """All letters, and what is wanted of them once its names are looked up (see `looked_up`)."""
    letters = await letters_of(found)

    async def find(text: str) -> Sequence[Saga]:
        async with open_projection(found) as store:
            return await sagas_of(store, tenant, text, MOST_SAGAS)

    return letters, await looked_up(which, letters, find)


async def looked_up(which: Which, letters: Sequence[Letter], find: Find) -> Which:
    """The same, with the saga ids that a partner or correlation id stands for.

    The saga id of a letter is taken as it is: the projection need not know the saga of a record
    that nobody could read. CliError (1) for an id of nothing.
    """
    for ref in which.refs:
        the_one(letters, ref)
    with_letters = {one.saga_id for one in letters}
    sagas: list[str] = []
    for text in which.sagas:
        sagas += [text] if text in with_letters else [saga["_id"] for saga in await find(text)]
    if len(sagas) > len(which.sagas):
        note(f"{', '.join(which.sagas)} stands for {len(sagas)} sagas; all of them are meant")
    return replace(which, sagas=tuple(sagas))


def the_one(letters: Sequence[Letter], ref: str) -> Letter:
    """The letter of an id or a place. CliError (1) if there is none."""
    if (letter := the_one_meant(letters, ref)) is None:
        raise CliError(f"no letter {ref}: give an id or TOPIC/PARTITION/OFFSET (`dlq list --each`)")
    return letter
