"""Contracts: who may have which type, what it gives, and what may be negotiated."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from contracts.envelope import Context
from contracts.events import PartnerRegistrationCompleted
from contracts.facts import Document, Partner, Wishes
from services.contract import STEP
from services.contract.rules import ContractRules
from services.runtime.step import Done, Effects, Rejected

TERMS = {
    "commission": "0.07",
    "liability_limit": 5_000,
    "payment_days": 20,
    "months": "18",
    "monthly_budget": 12.5,
    "seats": 7,
}


def draw_up(kind="EMPRESA", journey="partner-onboarding", rules=None, **wishes):
    event = PartnerRegistrationCompleted(
        partner=Partner(partner_id="p-1", kind=kind), wishes=Wishes(**wishes)
    )
    context = Context("saga-1", "default", "p-1", "corr-1", journey, 1)
    now = datetime(2026, 3, 10, tzinfo=UTC)
    return STEP.handler(event, Effects(now, context, ContractRules(**(rules or {}))))


def custom(**terms):
    terms = {name: value for name, value in (TERMS | terms).items() if value is not ...}
    return draw_up(preferred_contract_type="CUSTOM", contract_terms=terms)


@pytest.mark.parametrize(
    ("type_", "commission", "liability", "days", "months", "level", "channels", "budget", "seats"),
    [
        ("BASIC", "0.05", 10_000, 30, 12, "BASIC", "DISPLAY", 1_000, 1),
        ("STANDARD", "0.08", 50_000, 30, 12, "STANDARD", "DISPLAY SEARCH", 10_000, 3),
        ("PREMIUM", "0.10", 250_000, 45, 24, "ENHANCED", "DISPLAY SEARCH SOCIAL", 50_000, 10),
        (
            *("ENTERPRISE", "0.12", 1_000_000, 60, 36, "PREMIUM"),
            *("DISPLAY SEARCH SOCIAL VIDEO", 250_000, 50),
        ),
    ],
)
def test_a_contract_gives_what_the_table_says(
    type_, commission, liability, days, months, level, channels, budget, seats
):
    outcome = draw_up(preferred_contract_type=type_)
    contract, terms = outcome.says.contract, outcome.result["terms"]
    assert (contract.type, contract.level, contract.seats) == (type_, level, seats)
    assert " ".join(contract.channels) == channels
    assert (contract.monthly_budget, contract.currency) == (budget, "USD")
    assert terms["commission"] == commission
    assert Decimal(terms["liability_limit"]) == liability
    assert (terms["payment_days"], terms["months"]) == (days, months)
    assert outcome.result["state"] == "ACTIVE"


@pytest.mark.parametrize(
    ("type_", "job_kinds"),
    [
        ("BASIC", "FREELANCE"),
        ("STANDARD", "FREELANCE PART_TIME"),
        ("PREMIUM", "FREELANCE PART_TIME FULL_TIME"),
        ("ENTERPRISE", "FREELANCE PART_TIME FULL_TIME"),
    ],
)
def test_a_better_contract_gives_more_job_kinds(type_, job_kinds):
    assert " ".join(draw_up(preferred_contract_type=type_).says.contract.job_kinds) == job_kinds


ALLOWED = {
    "INDIVIDUAL": {"BASIC", "STANDARD"},
    "STARTUP": {"BASIC", "STANDARD", "PREMIUM"},
    "EMPRESA": {"BASIC", "STANDARD", "PREMIUM", "ENTERPRISE", "CUSTOM"},
}


@pytest.mark.parametrize("kind", ALLOWED)
@pytest.mark.parametrize("type_", sorted(ALLOWED["EMPRESA"]))
def test_each_kind_of_partner_may_have_only_its_types(kind, type_):
    outcome = draw_up(kind, preferred_contract_type=type_, contract_terms=TERMS)
    if type_ in ALLOWED[kind]:
        assert isinstance(outcome, Done)
    else:
        assert outcome.code == "CONTRACT_TYPE_NOT_ALLOWED"
        assert type_ in outcome.reason
        assert kind in outcome.reason


def test_without_a_wish_the_contract_is_standard():
    assert draw_up().says.contract.type == "STANDARD"


def test_a_type_taken_out_of_the_table_is_not_allowed():
    offers = {"BASIC": ContractRules().offers["BASIC"]}
    assert draw_up(rules={"offers": offers}).code == "CONTRACT_TYPE_NOT_ALLOWED"


@pytest.mark.parametrize(
    ("journey", "kind"), [("partner-onboarding", "ONBOARDING"), ("partner-creation", "ALLIANCE")]
)
def test_the_contract_of_partner_creation_is_an_alliance(journey, kind):
    outcome = draw_up("INDIVIDUAL", journey)
    assert outcome.says.contract.kind == outcome.result["kind"] == kind
    assert outcome.result["number"].startswith("CT-")


def test_negotiated_terms_are_kept_as_text_and_whole_numbers():
    outcome = custom()
    assert outcome.result["terms"] == {
        "commission": "0.0700",
        "liability_limit": "5000.00",
        "payment_days": 20,
        "months": 18,
        "monthly_budget": "12.50",
        "seats": 7,
    }
    assert outcome.says.contract.level == "PREMIUM"
    assert outcome.says.contract.channels == ("DISPLAY", "SEARCH", "SOCIAL", "VIDEO")
    assert (outcome.says.contract.monthly_budget, outcome.says.contract.seats) == (
        Decimal("12.50"),
        7,
    )


def test_custom_without_any_terms_misses_them():
    assert draw_up(preferred_contract_type="CUSTOM").code == "TERMS_MISSING"


@pytest.mark.parametrize("name", TERMS)
def test_custom_needs_each_of_its_terms(name):
    for left_out in (custom(**{name: ...}), custom(**{name: None})):
        assert isinstance(left_out, Rejected)
        assert left_out.code == "TERMS_MISSING"
        assert name in left_out.reason


BAD_TEXTS = ("", "ten", "NaN", "sNaN", "Infinity", "-Infinity", "1e999999999", "-1", "9" * 100_000)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, text) for name in TERMS for text in BAD_TEXTS),
        *((name, "Infinity") for name in TERMS),
        ("commission", "1.0001"),
        ("commission", 1.5),
        ("commission", "0.00001"),
        ("commission", "1e-999999999"),
        ("liability_limit", -0.01),
        ("liability_limit", "1.001"),
        ("liability_limit", "10000000000000"),
        ("payment_days", 0),
        ("payment_days", 121),
        ("payment_days", "30.5"),
        ("months", 0),
        ("months", 61),
        ("monthly_budget", 10**400),
        ("seats", 1_000_001),
        ("seats", 1.5),
    ],
)
def test_a_term_that_is_no_number_in_its_range_is_invalid(name, value):
    outcome = custom(**{name: value})
    assert isinstance(outcome, Rejected)
    assert outcome.code == "TERMS_INVALID"
    assert name in outcome.reason


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("commission", 0, "0.0000"),
        ("commission", "1", "1.0000"),
        ("commission", 0.1, "0.1000"),
        ("commission", "-0", "0.0000"),
        ("liability_limit", "9999999999999.99", "9999999999999.99"),
        ("liability_limit", "1e3", "1000.00"),
        ("payment_days", 1, 1),
        ("payment_days", "120", 120),
        ("months", 60.0, 60),
        ("seats", 0, 0),
        ("seats", 1_000_000, 1_000_000),
    ],
)
def test_a_term_at_the_edge_of_its_range_is_good(name, value, kept):
    term = custom(**{name: value}).result["terms"][name]
    assert term == kept
    assert type(term) is type(kept)


def test_the_limits_of_negotiation_are_settings():
    wishes = {"preferred_contract_type": "CUSTOM", "contract_terms": TERMS}
    assert draw_up(rules={"months_max": 12}, **wishes).code == "TERMS_INVALID"


def test_terms_of_other_types_are_ignored_and_not_handed_on():
    outcome = draw_up(
        preferred_contract_type="BASIC",
        contract_terms={"seats": "x"},
        documents=[Document(type="IDENTITY", number="N-1")],
    )
    assert outcome.says.contract.seats == 1
    assert outcome.says.wishes.contract_terms is None
    assert outcome.says.wishes.documents[0].number == "N-1"
