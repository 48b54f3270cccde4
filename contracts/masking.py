"""Hides what may be personal in the data of events: known names and words stay, all else goes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, get_args

from contracts import facts
from contracts.envelope import type_of
from contracts.events import EVENTS, PartnerOnboardingInitiated, UndoOutcome
from contracts.journey import JOURNEYS
from contracts.operator import OPERATOR_EVENTS

ALL_EVENTS = {**EVENTS, **OPERATOR_EVENTS}
HIDDEN = "***"
_MODELS: Sequence[type[facts.Model]] = (
    *ALL_EVENTS.values(), facts.PartnerData, facts.Document, facts.ContractTerms,
    facts.CampaignPermissions, facts.RecruitmentPreferences, facts.Partner, facts.Contract,
    facts.DocumentPackage, facts.CampaignAccount, facts.Workspace,
)  # fmt: skip
ENVELOPE = (
    "specversion", "id", "source", "type", "time", "subject", "dataschema", "datacontenttype",
    "data", "data_base64", "partitionkey", "correlationid", "causationid", "sagaid", "tenantid",
    "journey", "traceparent",
)  # fmt: skip
_NAMES = frozenset((*(name for one in _MODELS for name in one.model_fields), *ENVELOPE))
_STEPS = tuple({name for journey in JOURNEYS.values() for name in journey.step_names})
_WORDS: Mapping[str, Sequence[str]] = {
    "tipo_partner": get_args(facts.PartnerKind),
    "preferred_contract_type": get_args(facts.ContractType),
    "required_documents": get_args(facts.DocumentType),
    "type": (
        *get_args(facts.ContractType),
        *get_args(facts.DocumentType),
        *(type_of(one) for one in ALL_EVENTS.values()),
    ),
    "kind": (*get_args(facts.PartnerKind), *get_args(facts.ContractKind)),
    "level": get_args(facts.Level),
    "outcome": get_args(UndoOutcome),
    **dict.fromkeys(("step", "failed_step", "last_step"), _STEPS),
    "specversion": ("1.0",),
    "datacontenttype": ("application/json",),
}
_FIELDS = {name: frozenset(model.model_fields) for (name, _), model in ALL_EVENTS.items()}
_PERSONAL = "wishes"  # the only part of what steps say that is handed on from the producer
_Named = Callable[[Iterable[str]], Iterable[str]]


def masked(value: Any) -> Any:
    """JSON of whatever origin: members whose names are in no schema are numbered, and values are
    hidden that are no word which a contract lists for that field."""
    return _masked(value, "", _known)


def masked_values(value: Any) -> Any:
    """The same of what we keep ourselves: all names stay."""
    return _masked(value, "", _as_they_are)


def masked_data(event: str, data: Any) -> Any:
    """The data of one of our events. What a step says is made of ids, numbers and codes, but for
    the wishes of the producer that it hands on. What the producer says is hidden, and what is no
    field of the event: anybody may have added that."""
    fields = _FIELDS.get(event, frozenset())
    if event == PartnerOnboardingInitiated.__name__ or not isinstance(data, dict):
        return masked(data)
    plain = fields - {_PERSONAL}
    return {name: data[name] for name in data if name in plain} | masked(
        {name: one for name, one in data.items() if name not in plain}
    )


def word_of(field: str, value: Any) -> str:
    """What a producer said in a field for which a contract lists words: one of these, or hidden."""
    return str(value) if value in _WORDS[field] else HIDDEN


def _masked(value: Any, field: str, named: _Named) -> Any:
    if isinstance(value, dict):
        shown = zip(named(value), value.items(), strict=True)
        return {as_: _masked(one, name, named) for as_, (name, one) in shown}
    if isinstance(value, list):
        return [_masked(one, field, named) for one in value]
    if value is None or isinstance(value, bool) or value in _WORDS.get(field, ()):
        return value
    return HIDDEN


def _known(names: Iterable[str]) -> list[str]:
    return [name if name in _NAMES else f"{HIDDEN}{n}" for n, name in enumerate(names, 1)]


def _as_they_are(names: Iterable[str]) -> Iterable[str]:
    return names
