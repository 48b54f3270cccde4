"""Topic and group names. One topic per event type, one dead letter topic per service."""

import re
from functools import lru_cache

ROOT = "onboarding"
DEAD_LETTERS = "dlq"


@lru_cache(maxsize=256)
def kebab(event_name: str) -> str:
    """`PartnerOnboardingInitiated` -> `partner-onboarding-initiated`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", event_name).lower()


def event_topic(event_name: str, prefix: str = "") -> str:
    """The topic of one event type. `prefix` keeps systems apart that share a broker."""
    return f"{prefix}{ROOT}.{kebab(event_name)}"


def dead_letter_topic(service: str, prefix: str = "") -> str:
    """The topic of what a service (a step, or `saga-state`) could not read or finish."""
    return f"{prefix}{ROOT}.{service}.{DEAD_LETTERS}"


def group(service: str, prefix: str = "") -> str:
    """The consumer group of a service."""
    return f"{prefix}{ROOT}.{service}"
