"""What the demo shows at its end: three timelines, the outcome, what to try next."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from services.cli.demo_follow import Told
from services.cli.printing import cell, console, empty_table
from services.cli.saga_tables import coloured, failure_words, timeline_of
from services.cli.start_up_table import EXAMPLE
from services.cli.times import duration


def timelines(told: Sequence[Told]) -> RenderableType:
    """All events of each, in time."""
    titles = [f"\n{one.start.title}: saga {one.saga['_id']}" for one in told]
    pairs = zip(told, titles, strict=True)
    return Group(*(timeline_of(one.events, console().width, title) for one, title in pairs))


def outcome(told: Sequence[Told]) -> RenderableType:
    """The final table, and whether it is as it should be."""
    table = empty_table("partner", "journey", "status", "failure", "took", "as it should be")
    for one in told:
        right = one.start.is_right(one.saga)
        table.add_row(
            one.start.title,
            one.start.journey,
            coloured(one.saga["status"]),
            failure_words(one.saga),
            duration(one.saga["duration_ms"]),
            Text("yes") if right else Text("no", style="red"),
        )
    return Group(table, *_about_undoing(told))


def next_steps(folder: Path) -> RenderableType:
    """Commands for another terminal, while everything goes on running."""
    data = f"--data {folder}"
    lines = (
        "everything goes on running; try in another terminal:",
        f"  onboarding list {data}",
        f"  onboarding watch {data}",
        f"  onboarding start {data} --wait {EXAMPLE}",
        f"  onboarding doctor {data}",
        f'  eval "$(onboarding env {data})"',
        "stop with Ctrl-C",
    )
    return Group(*(cell(line) for line in lines))


def _about_undoing(told: Sequence[Told]) -> list[Text]:
    open_ones = [one for one in told if one.saga["status"] == "COMPENSATING"]
    return [
        Text(
            f"{one.start.title}: {failure_words(one.saga)}. Undoing was asked for; the steps of "
            "this version do not undo yet, so it stays COMPENSATING.",
        )
        for one in open_ones
    ]
