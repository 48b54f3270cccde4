"""All step services, found by their names in journey.py: `services/<step>/` holds STEP."""

from collections.abc import Iterable
from importlib import import_module

from contracts.journey import JOURNEYS, Journey
from services.runtime.step import StepService


def step_names(journeys: Iterable[Journey] = JOURNEYS.values()) -> list[str]:
    """Every step of the journeys, once, in order."""
    return list(dict.fromkeys(name for journey in journeys for name in journey.step_names))


def all_steps(journeys: Iterable[Journey] = JOURNEYS.values()) -> list[StepService]:
    """The services of these steps."""
    return [import_module(f"services.{name}").STEP for name in step_names(journeys)]
