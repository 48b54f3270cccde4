"""Starts as producers might send them, good and odd, with words in them that must not be told."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from contracts.facts import ContractTerms, PartnerData
from tests.services.registration.handler_chain import REAL

SECRETS = ("zz-name", "zz-secret@example.com", "zz-number", "zz-street", "+99887766554")

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just(10**400)
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
numbers = st.one_of(st.integers(-5, 200), st.decimals().map(str), st.floats(), scalars)
secret = st.sampled_from(SECRETS)
dates = st.one_of(st.dates().map(str), st.integers(), st.none())


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


term = st.just(1) | numbers | secret
terms = st.fixed_dictionaries(dict.fromkeys(ContractTerms.model_fields, term))
document_types = st.sampled_from(["IDENTITY", "TAX_CERTIFICATE", "BANK_STATEMENT"])
document = st.fixed_dictionaries(
    {"type": document_types, "number": secret | st.just(" ")},
    optional={"issued_on": dates, "expires_on": dates},
)
channels = st.lists(st.sampled_from(["DISPLAY", "VIDEO"]) | secret, max_size=4)
job_kinds = st.lists(st.sampled_from(["FREELANCE", "FULL_TIME"]) | secret, max_size=4)
budget = st.decimals(0, 60_000, places=2).map(str)
plausible = {
    "nombre": st.just(SECRETS[0]),
    "email": st.sampled_from([SECRETS[1], "zz-secret@blocked.example"]),
    "telefono": st.just(SECRETS[4]),
    "direccion": st.just(SECRETS[3]),
    "tipo_partner": st.sampled_from(["INDIVIDUAL", "EMPRESA", "STARTUP"]),
    "preferred_contract_type": st.sampled_from(["STANDARD", "PREMIUM", "CUSTOM"]),
    "contract_terms": terms,
    "documents": st.lists(document, max_size=3),
    "campaign_permissions": secret | some(channels=channels) | some(monthly_budget=budget),
    "recruitment_preferences": secret | some(seats=st.integers(0, 12), job_kinds=job_kinds),
    "pais": st.sampled_from(["ES", "AQ", "KP"]),
}
mostly_plausible = st.builds(
    lambda good, odd: {"partner_data": REAL | good | odd},
    st.fixed_dictionaries({}, optional=plausible),
    st.one_of(
        st.just({}), st.dictionaries(st.sampled_from(list(PartnerData.model_fields)), anything)
    ),
)
starts = st.one_of(
    mostly_plausible, st.dictionaries(st.sampled_from(["partner_data", "x"]), anything)
)
journeys = st.sampled_from(["partner-onboarding", "partner-creation"])
thorough = settings(max_examples=300)
