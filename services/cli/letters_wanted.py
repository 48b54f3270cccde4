"""Which letters a person means: by service, class, saga, id or place."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.cli.errors import CliError
from services.cli.letters import Letter
from services.cli.options import one_of
from services.steps import step_names


@dataclass(frozen=True, slots=True)
class Which:
    """Which letters are wanted; None, or no reference: no matter."""

    service: str | None = None
    error_class: str | None = None
    saga: str | None = None
    refs: tuple[str, ...] = ()

    def __call__(self, letter: Letter) -> bool:
        return (
            self.service in (None, letter.service)
            and self.error_class in (None, letter.error_class)
            and self.saga in (None, letter.saga_id)
            and (not self.refs or any(is_meant(letter, ref) for ref in self.refs))
        )

    def check(self) -> None:
        """CliError (2) for a service that there is not."""
        one_of("--service", self.service, (*step_names(), "saga-state"))


def the_one(letters: Sequence[Letter], ref: str) -> Letter:
    """The letter of an id or a place; of those that several services have of one record, one that
    waits. CliError (1) if there is none."""
    meant = [one for one in letters if is_meant(one, ref)]
    if not meant:
        raise CliError(f"no letter {ref}: give an id or TOPIC/PARTITION/OFFSET (`dlq list --each`)")
    return next((one for one in meant if one.now == "open"), meant[0])


def is_meant(letter: Letter, ref: str) -> bool:
    """By its id, its own place, or the place of the record that it is a copy of."""
    return ref in (letter.id, letter.place, letter.came_from)
