"""What a step hears: the topics it reads, over all journeys in which it has a part."""

from contracts.events import CompensationCompleted, CompensationRequested
from contracts.journey import JOURNEYS, Journeys, rows_of
from contracts.topics import dead_letter_topic, event_topic


def answers_of(step: str, journeys: Journeys = JOURNEYS, prefix: str = "") -> list[str]:
    """Those of its topics on which nothing waits for it: the step after it has answered, which
    only ends a watch."""
    rows = list(rows_of(step, journeys.values()))
    said = [after.says for journey, _ in rows if (after := journey.after(step))]
    hurried = {row.hears for _, row in rows}
    return [event_topic(name, prefix) for name in dict.fromkeys(said) if name not in hurried]


def topics_of(step: str, journeys: Journeys = JOURNEYS, prefix: str = "") -> list[str]:
    """What it waits for, the answers of the step after it, everybody's undoing, and on its own
    dead letter topic the wishes of persons; each once."""
    names: dict[str, None] = {}
    for journey, row in rows_of(step, journeys.values()):
        after = journey.after(step)
        names |= dict.fromkeys((row.hears, after.says) if after else (row.hears,))
    undoing = (CompensationRequested.__name__, CompensationCompleted.__name__)
    topics = [event_topic(name, prefix) for name in dict.fromkeys((*names, *undoing))]
    return [*topics, dead_letter_topic(step, prefix)]
