"""The answer of `why`: a sentence, how sure it is, the causes, the evidence; and as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from saga_state.document import Saga
from saga_state.why.cause import PROVEN, Cause
from saga_state.why.facts import World
from saga_state.why.seen import Seen


@dataclass(frozen=True, slots=True)
class Answer:
    """`causes`: the likeliest first. `sure`: the first is proven."""

    saga_id: str
    tenant_id: str
    status: str
    at: datetime
    sentence: str
    sure: bool
    causes: Sequence[Cause]
    evidence: Sequence[Seen]

    @property
    def cause(self) -> Cause:
        """The first."""
        return self.causes[0]

    @property
    def body(self) -> dict[str, Any]:
        """As JSON has it; times are datetimes."""
        return {
            "saga_id": self.saga_id,
            "tenant_id": self.tenant_id,
            "status": self.status,
            "at": self.at,
            "cause": self.cause.name,
            "service": self.cause.service,
            "sentence": self.sentence,
            "command": self.cause.command,
            "sure": self.sure,
            "causes": [one.body for one in self.causes],
            "evidence": [one.body for one in self.evidence],
        }


def answer_of(
    saga: Saga, world: World, causes: Sequence[Cause], evidence: Sequence[Seen]
) -> Answer:
    """The answer about a saga."""
    return answer_about(saga["_id"], saga["tenant_id"], saga["status"], world, causes, evidence)


def answer_about(
    saga_id: str,
    tenant_id: str,
    status: str,
    world: World,
    causes: Sequence[Cause],
    evidence: Sequence[Seen],
) -> Answer:
    """The same where nobody can show the saga."""
    sentence, sure = told_first(causes), causes[0].weight == PROVEN
    return Answer(saga_id, tenant_id, status, world.now, sentence, sure, causes, evidence)


def told_first(causes: Sequence[Cause]) -> str:
    """The sentence of an answer with these causes."""
    first = causes[0]
    return first.sentence if first.weight == PROVEN else f"Not sure. Most likely: {first.sentence}"
