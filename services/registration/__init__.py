"""The registration service: hears PartnerOnboardingInitiated, says PartnerRegistrationCompleted."""

from typing import Any

from contracts import ids
from contracts.events import PartnerRegistrationCompleted
from contracts.facts import Partner, PartnerData, Wishes
from services.registration.rules import (
    Applicant,
    RegistrationRules,
    check,
    denied,
    read_partner_data,
)
from services.runtime.step import Done, Effects, Outcome, Rejected, StepService


def register(start: dict[str, Any], effects: Effects[RegistrationRules]) -> Outcome:
    """A partner, if the data is valid, the partner welcome and the e-mail not held by another."""
    data = read_partner_data(start)
    if isinstance(data, Rejected):
        return data
    applicant = check(data, effects.context.journey, effects.rules)
    if isinstance(applicant, Rejected):
        return applicant
    return denied(applicant, effects.rules) or _registered(data, applicant, effects)


def _registered(
    data: PartnerData, applicant: Applicant, effects: Effects[RegistrationRules]
) -> Done:
    context = effects.context
    partner = Partner(partner_id=context.partner_id, kind=applicant.kind, country=applicant.country)
    wishes = Wishes(**{name: getattr(data, name) for name in Wishes.model_fields})
    result = {
        **partner.model_dump(exclude_none=True),
        "number": ids.number("PT-", context.saga_id),
        "name": applicant.name,
        "contact": _contact(data, applicant),
        "state": "REGISTERED",
    }
    says = PartnerRegistrationCompleted(partner=partner, wishes=wishes)
    return Done(says, result, holds={"email": applicant.email_key})


def _contact(data: PartnerData, applicant: Applicant) -> dict[str, str]:
    """How to reach the partner. The e-mail stays as it was sent: the key is only to compare by."""
    contact = {"email": data.email.strip(), "phone": applicant.phone}
    place = {"address": data.direccion, "city": data.ciudad}
    return contact | {name: text for name, text in place.items() if text is not None}


STEP = StepService(
    name="registration",
    handler=register,
    rules=RegistrationRules,
    says_no_with=("INVALID_PARTNER_DATA", "PARTNER_NOT_ALLOWED", "DUPLICATE_PARTNER"),
    taken={
        "email": Rejected(
            "DUPLICATE_PARTNER", "Another partner is registered with this e-mail address."
        )
    },
)
