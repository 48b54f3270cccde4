"""`explain`: one sentence that says why a saga stands where it stands, the evidence, what helps.

The causes are in persons.py, services.py, servers.py and waiting.py; which comes first is here.
"""

from collections.abc import Sequence
from dataclasses import replace

from saga_state.why.answer import Answer, answer_of
from saga_state.why.cause import LIKELY, PROVEN, Cause, Rule
from saga_state.why.ended import evidence_of_end, why_ended
from saga_state.why.evidence import evidence_of
from saga_state.why.facts import Case, World
from saga_state.why.persons import parked, poison, undo_parked
from saga_state.why.servers import (
    broker_unreachable,
    database_unreachable,
    group_without_members,
    topic_made_anew,
    topic_missing,
)
from saga_state.why.services import (
    partition_without_owner,
    projection_behind,
    service_behind,
    service_not_running,
)
from saga_state.why.view import View, view_of
from saga_state.why.waiting import (
    outside_slow_or_down,
    waiting_for_deadline,
    waiting_for_retry,
)

MOST_CAUSES = 4


def explain(case: Case, world: World) -> Answer:
    """Why this saga stands where it stands."""
    view = view_of(case, world)
    if view is None:
        causes: Sequence[Cause] = [why_ended(case, world)]
        return answer_of(case.saga, world, causes, evidence_of_end(case, world))
    return answer_of(case.saga, world, ranked(view), evidence_of(view))


def ranked(view: View) -> list[Cause]:
    """All causes that may be it, the likeliest first; of equals the one that stands first in RULES.

    That nothing is wrong yet is told only where nothing is proven.
    """
    found = [cause for rule in RULES if (cause := rule(view)) is not None]
    found.sort(key=lambda cause: -cause.weight)
    if any(cause.weight == PROVEN for cause in found):
        return found[:MOST_CAUSES]
    left = waiting_for_deadline(view)
    if left.weight == LIKELY and not any(cause.weight == LIKELY for cause in found):
        left = replace(left, weight=PROVEN)
    return sorted([*found, left], key=lambda cause: -cause.weight)[:MOST_CAUSES]


RULES: Sequence[Rule] = (
    parked,
    undo_parked,
    topic_missing,
    topic_made_anew,
    broker_unreachable,
    group_without_members,
    database_unreachable,
    service_not_running,
    poison,
    partition_without_owner,
    outside_slow_or_down,
    waiting_for_retry,
    projection_behind,
    service_behind,
)
