"""The contract service: hears PartnerRegistrationCompleted, says ContractCreated."""

from typing import Any

from contracts import ids
from contracts.events import ContractCreated, PartnerRegistrationCompleted
from contracts.facts import Contract, ContractType
from services.contract.rules import KINDS, ContractRules, Offer, Terms, negotiated, offer_for
from services.runtime.step import Done, Effects, Outcome, Rejected, StepService


def draw_up(event: PartnerRegistrationCompleted, effects: Effects[ContractRules]) -> Outcome:
    """A contract of the type asked for, if this kind of partner may have it."""
    wishes = event.wishes
    type_ = wishes.preferred_contract_type or "STANDARD"
    offer = offer_for(type_, event.partner.kind, effects.rules)
    if isinstance(offer, Rejected):
        return offer
    terms = offer.terms or negotiated(wishes.contract_terms, effects.rules)
    if isinstance(terms, Rejected):
        return terms
    contract = _contract(type_, offer, terms, effects)
    rest = wishes.model_copy(update={"preferred_contract_type": None, "contract_terms": None})
    says = ContractCreated(partner=event.partner, contract=contract, wishes=rest)
    return Done(says, _result(contract, terms))


def _contract(
    type_: ContractType, offer: Offer, terms: Terms, effects: Effects[ContractRules]
) -> Contract:
    return Contract(
        number=ids.number("CT-", effects.context.saga_id),
        kind=KINDS.get(effects.context.journey, "ONBOARDING"),
        type=type_,
        level=offer.level,
        channels=offer.channels,
        monthly_budget=terms.monthly_budget,
        currency=effects.rules.currency,
        seats=terms.seats,
        job_kinds=offer.job_kinds,
    )


def _result(contract: Contract, terms: Terms) -> dict[str, Any]:
    """The contract as it is kept: amounts and the commission as decimal text."""
    kept = {"terms": terms.model_dump(mode="json"), "state": "ACTIVE"}
    return contract.model_dump(mode="json") | kept


STEP = StepService(
    name="contract",
    handler=draw_up,
    rules=ContractRules,
    says_no_with=("CONTRACT_TYPE_NOT_ALLOWED", "TERMS_MISSING", "TERMS_INVALID"),
)
