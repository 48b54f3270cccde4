"""An answer for whoever may not see machines, nor how much others wait: the cause, no proof."""

from collections.abc import Mapping
from dataclasses import replace

from saga_state.why.answer import Answer, told_first
from saga_state.why.cause import Cause

OF_MACHINES = frozenset({"process", "group", "health page", "broker"})
_SENTENCES: Mapping[str, str] = {
    "broker_unreachable": "The broker does not answer, or not {service}.",
    "database_unreachable": "The database does not answer, or not {service}.",
    "service_behind": "{service} is behind: it has not come to this saga's event yet.",
    "partition_without_owner": "Nobody of {service} reads where this saga's event stands.",
    "topic_made_anew": "{service} has read further than the log goes: its topic was made anew.",
}


def without_machines(answer: Answer) -> Answer:
    """The same without hosts, processes, positions and rates."""
    causes = [_plain(one) for one in answer.causes]
    evidence = [one for one in answer.evidence if one.what not in OF_MACHINES]
    return replace(answer, sentence=told_first(causes), causes=causes, evidence=evidence)


def _plain(cause: Cause) -> Cause:
    sentence = _SENTENCES.get(cause.name)
    if sentence is None:
        return cause
    return replace(cause, sentence=sentence.format(service=cause.service or "this gateway"))
