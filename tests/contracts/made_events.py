"""Hypothesis strategies of the events, with every field drawn."""

from typing import get_args

from hypothesis import strategies as st

from contracts.events import EVENTS
from contracts.facts import (
    CampaignAccount,
    CampaignPermissions,
    Contract,
    ContractTerms,
    ContractType,
    Document,
    DocumentType,
    Partner,
    PartnerData,
    PartnerKind,
    RecruitmentPreferences,
    Wishes,
    Workspace,
)
from contracts.journey import PARTNER_ONBOARDING_1
from contracts.operator import OPERATOR_EVENTS

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
AMOUNTS = st.decimals(0, 10**13 - 1, places=2)
SEATS = st.integers(0, 1_000_000)
TERMS = (
    st.none()
    | TEXT
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
)
WISHED = {
    "preferred_contract_type": st.sampled_from(get_args(ContractType)),
    "contract_terms": st.none()
    | st.builds(ContractTerms, **dict.fromkeys(ContractTerms.model_fields, TERMS)),
    "required_documents": st.lists(st.sampled_from(get_args(DocumentType)), max_size=3),
    "documents": st.lists(
        st.builds(
            Document,
            number=TEXT,
            issued_on=st.none() | st.dates(),
            expires_on=st.none() | st.dates(),
        ),
        max_size=2,
    ),
    "campaign_permissions": st.none()
    | TEXT
    | st.builds(
        CampaignPermissions,
        channels=st.none() | st.lists(TEXT, max_size=2),
        monthly_budget=st.none() | AMOUNTS,
    ),
    "recruitment_preferences": st.none()
    | TEXT
    | st.builds(
        RecruitmentPreferences,
        job_kinds=st.none() | st.lists(TEXT, max_size=2),
        seats=st.none() | SEATS,
    ),
}
WISHES = st.builds(Wishes, **WISHED)
PARTNER_DATA = st.builds(
    PartnerData,
    tipo_partner=st.none() | st.sampled_from(get_args(PartnerKind)),
    pais=st.none() | TEXT,
    **WISHED,
)
BLOCKS = {
    "partner": st.builds(Partner, country=st.none() | TEXT),
    "partner_data": PARTNER_DATA,
    "wishes": WISHES,
    "contract": st.builds(Contract, monthly_budget=AMOUNTS, seats=SEATS),
    "campaign_account": st.builds(CampaignAccount, monthly_budget=AMOUNTS),
    "workspace": st.builds(Workspace, seats=SEATS),
    "step": st.sampled_from(PARTNER_ONBOARDING_1.step_names),
    "failed_step": st.sampled_from(PARTNER_ONBOARDING_1.step_names),
    "answer_within_seconds": st.none() | st.floats(0.001, 315_360_000),
}


def events_named(name):
    """Any event of that name (version 1)."""
    model = {**EVENTS, **OPERATOR_EVENTS}[name, 1]
    return st.builds(
        model, **{field: block for field, block in BLOCKS.items() if field in model.model_fields}
    )
