"""What is told of a rehearsal: what comes out differently, by kind and by saga, business first."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from contracts.envelope import Context
from contracts.masking import masked_values
from services.cli.options import Output
from services.cli.printing import answer, cell, counted, empty_table, json_text, note
from services.cli.replay.outcomes import Change
from services.cli.replay.rehearsal import Played
from services.runtime.document import Document

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A saga, how it stood, how it stands now, what differs; `assumed`: the steps whose outside
    system was asked now and not then."""

    context: Context
    recorded: str
    now: str
    changes: Sequence[Change]
    assumed: Sequence[str] = ()

    @property
    def cause(self) -> str:
        """What differs, without what merely follows."""
        main = [one for one in self.changes if one.kind == "business"] or self.changes
        return "; ".join(change.line for change in main)


@dataclass(slots=True)
class Tried:
    """All that were played. `not_played`: their starts are not among the records."""

    played: int = 0
    differing: list[Rehearsed] = field(default_factory=list)
    assumed: Counter[str] = field(default_factory=Counter)
    not_played: list[str] = field(default_factory=list)
    left_out: int = 0

    def add(self, one: Rehearsed) -> None:
        """One more."""
        self.played += 1
        self.assumed.update(one.assumed)
        if one.changes:
            self.differing.append(one)


def say(tried: Tried, output: Output) -> None:
    """A row per saga that differs; for people the kinds of differences first."""
    answer([row_of(one) for one in tried.differing], output, _page(tried))
    equal = tried.played - len(tried.differing)
    note(f"{counted(tried.played, 'saga', 'sagas')} played, {equal:,} came out as recorded")
    if tried.not_played:
        some = ", ".join(tried.not_played[:3])
        what = counted(len(tried.not_played), "saga was", "sagas were")
        note(f"{what} not played, for the start has left the topics: {some}")
    if tried.left_out:
        note(f"{counted(tried.left_out, 'saga is', 'sagas are')} left out: --limit plays more")
    for step, count in tried.assumed.items():
        what = counted(count, "saga", "sagas")
        note(f"the outside system of {step} was never asked for {what}: a yes was taken")


def row_of(one: Rehearsed) -> dict[str, Any]:
    return {
        "saga_id": one.context.saga_id,
        "partner_id": one.context.partner_id,
        "correlation_id": one.context.correlation_id,
        "recorded": one.recorded,
        "now": one.now,
        "changes": [
            {"what": c.what, "recorded": c.recorded, "now": c.now, "kind": c.kind}
            for c in one.changes
        ],
    }


def say_documents(played: Played, reveal: bool, output: Output) -> None:
    """The step documents as they stand."""
    rows = [document_row(name, one, reveal) for name, one in played.documents.items()]
    answer(rows, output, _documents(rows))
    if not reveal:
        note("what steps keep is masked; --reveal shows it, and it may be personal")


def document_row(step: str, one: Document, reveal: bool) -> dict[str, Any]:
    """One document; nothing personal unless it is to be revealed."""
    kept = dict(one.result or {})
    return {
        "step": step,
        "state": one.state,
        "decided_at": one.decided_at,
        "heard": one.trigger.name if one.trigger else None,
        "says": [dict(message.headers)["ce_type"].decode().split(".")[3] for message in one.outbox],
        "refusal": f"{one.refusal.code}: {one.refusal.reason}" if one.refusal else None,
        "attempts": one.attempts,
        "keeps": kept if reveal else masked_values(kept),
    }


def _page(tried: Tried) -> RenderableType:
    if not tried.differing:
        return Text("nothing comes out differently")
    causes = Counter(one.cause for one in tried.differing)
    kinds = empty_table("sagas", "what comes out differently")
    for cause, count in causes.most_common(SHOWN):
        kinds.add_row(cell(f"{count:,}"), cell(cause))
    sagas = empty_table("saga", "recorded", "now", "first difference")
    for one in tried.differing[:SHOWN]:
        row = (one.context.saga_id, one.recorded, one.now, one.changes[0].line)
        sagas.add_row(*map(cell, row))
    more = len(tried.differing) - SHOWN
    rest = [Text(f"and {more:,} more: -o jsonl lists all")] if more > 0 else []
    return Group(kinds, sagas, *rest)


def _documents(rows: Sequence[dict[str, Any]]) -> RenderableType:
    table = empty_table("step", "state", "heard", "says", "refusal", "keeps")
    for row in rows:
        kept = "\n".join(f"{name}: {json_text(value)}" for name, value in row["keeps"].items())
        shown = (row["step"], row["state"], row["heard"], row["says"], row["refusal"], kept)
        table.add_row(*map(cell, shown))
    return table
