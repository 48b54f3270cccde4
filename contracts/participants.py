"""Who says and who hears each event, derived from the journeys; asyncapi.json tells it."""

from collections.abc import Iterable
from dataclasses import dataclass

from contracts.events import (
    CompensationCompleted,
    CompensationRequested,
    PartnerOnboardingFailed,
    PartnerOnboardingInitiated,
    event_names,
)
from contracts.journey import COMPLETED, JOURNEYS, Journey, rows_of

_INITIATED = PartnerOnboardingInitiated.__name__
_FAILED = PartnerOnboardingFailed.__name__
_REQUESTED = CompensationRequested.__name__
_UNDONE = CompensationCompleted.__name__


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody on the topics, with the names of the events they say and hear."""

    name: str
    about: str
    says: tuple[str, ...]
    hears: tuple[str, ...]
    has_dead_letters: bool = True


def participants(journeys: Iterable[Journey] = tuple(JOURNEYS.values())) -> list[Participant]:
    """The producer, the steps in the order of the journeys, and saga-state."""
    known = tuple(journeys)
    names = dict.fromkeys(name for journey in known for name in journey.step_names)
    return [PRODUCER, *(_step(name, known) for name in names), SAGA_STATE]


def _step(name: str, journeys: tuple[Journey, ...]) -> Participant:
    """A step also hears its successor, which it watches, and everybody's undoing."""
    says: dict[str, None] = {}
    hears: dict[str, None] = {}
    for journey, row in rows_of(name, journeys):
        after = journey.after(name)
        says |= dict.fromkeys((row.says,) if after else (row.says, COMPLETED))
        hears |= dict.fromkeys((row.hears, after.says) if after else (row.hears,))
    says |= dict.fromkeys((_FAILED, _REQUESTED, _UNDONE))
    hears |= dict.fromkeys((_REQUESTED, _UNDONE))
    return Participant(name, f"The step {name}.", tuple(says), tuple(hears))


PRODUCER = Participant(
    "producer",
    "Any program that asks for onboarding or offboarding; the gateway and the CLI are two.",
    says=(_INITIATED, _REQUESTED),
    hears=(COMPLETED, _FAILED),
    has_dead_letters=False,
)
SAGA_STATE = Participant(
    "saga-state", "The projection: it hears everything, says nothing.", (), event_names()
)
