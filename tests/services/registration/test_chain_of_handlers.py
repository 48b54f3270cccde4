"""Real payloads through the five decisions, and each published code reached by a producer's data."""

import pytest
from handler_chain import REAL, REAL_CREATION, SERVICES, onboard, play

from contracts.ids import number
from services.runtime.step import Done, Rejected

STATES = {
    "registration": "REGISTERED",
    "contract": "ACTIVE",
    "documents": "VERIFIED",
    "campaigns": "ENABLED",
    "recruitment": "READY",
}
TERMS = {
    "commission": "0.07",
    "liability_limit": "5000",
    "payment_days": 20,
    "months": 18,
    "monthly_budget": 100,
    "seats": 2,
}


def test_the_real_payload_completes_partner_onboarding():
    outcomes = play({"partner_data": REAL, "correlation_id": "corr-123-456"})
    states = {step: outcome.result["state"] for step, outcome in outcomes.items()}
    assert states == STATES
    assert outcomes["recruitment"].says.workspace.seats == 10


def test_the_real_payload_completes_partner_creation():
    outcomes = play({"partner_data": REAL_CREATION}, "partner-creation")
    assert list(outcomes) == ["registration", "contract"]
    assert outcomes["contract"].says.contract.kind == "ALLIANCE"


def test_the_texts_that_real_producers_send_for_permissions_complete():
    outcomes = onboard(
        campaign_permissions="can_create_campaigns", recruitment_preferences="job_posting_enabled"
    )
    assert outcomes["campaigns"].result["note"] == "can_create_campaigns"
    assert outcomes["recruitment"].result["note"] == "job_posting_enabled"


@pytest.mark.parametrize(
    ("changes", "step", "code"),
    [
        ({"email": "nobody"}, "registration", "INVALID_PARTNER_DATA"),
        ({"pais": "KP"}, "registration", "PARTNER_NOT_ALLOWED"),
        ({"email": "a@blocked.example"}, "registration", "PARTNER_NOT_ALLOWED"),
        ({"tipo_partner": "INDIVIDUAL"}, "contract", "CONTRACT_TYPE_NOT_ALLOWED"),
        ({"preferred_contract_type": "CUSTOM"}, "contract", "TERMS_MISSING"),
        (
            {"preferred_contract_type": "CUSTOM", "contract_terms": TERMS | {"months": 61}},
            "contract",
            "TERMS_INVALID",
        ),
        (
            {
                "documents": [
                    {"type": "BANK_STATEMENT", "number": "B-1", "expires_on": "2020-01-01"}
                ]
            },
            "documents",
            "DOCUMENT_EXPIRED",
        ),
        (
            {"documents": [{"type": "TAX_CERTIFICATE", "number": ""}]},
            "documents",
            "DOCUMENT_REJECTED",
        ),
        ({"campaign_permissions": "VIDEO"}, "campaigns", "CHANNEL_NOT_ALLOWED"),
        (
            {"campaign_permissions": {"monthly_budget": 50_001}},
            "campaigns",
            "CAMPAIGN_LIMIT_EXCEEDED",
        ),
        ({"recruitment_preferences": {"seats": 11}}, "recruitment", "SEATS_EXCEEDED"),
        ({"pais": "AQ"}, "recruitment", "NOT_AVAILABLE_IN_COUNTRY"),
    ],
)
def test_each_no_of_the_table_is_reached_by_data(changes, step, code):
    outcomes = onboard(**changes)
    assert list(outcomes)[-1] == step
    assert isinstance(outcomes[step], Rejected)
    assert outcomes[step].code == code


def test_a_custom_contract_completes_with_the_terms_negotiated():
    outcomes = onboard(preferred_contract_type="CUSTOM", contract_terms=TERMS)
    assert outcomes["campaigns"].result["monthly_budget"] == "100.00"
    assert outcomes["recruitment"].result["seats"] == 2


def test_personal_data_travels_no_further_than_it_is_needed():
    outcomes = onboard(
        direccion="Calle Mayor 1",
        ciudad="Vigo",
        documents=[{"type": "IDENTITY", "number": "DOC-77"}],
        contract_terms=TERMS,
    )
    wires = {step: outcome.says.model_dump_json() for step, outcome in outcomes.items()}
    for personal in (REAL["nombre"], REAL["email"], REAL["telefono"], "Calle Mayor 1", "Vigo"):
        assert not any(personal in wire for wire in wires.values())
    assert [step for step, wire in wires.items() if "DOC-77" in wire] == [
        "registration",
        "contract",
    ]
    assert [step for step, wire in wires.items() if '"months"' in wire] == ["registration"]


def test_the_contract_type_that_was_asked_for_travels_to_the_contract_step_and_no_further():
    told = [o.says.wishes.preferred_contract_type for o in list(onboard().values())[:-1]]
    assert told == ["PREMIUM", None, None, None]


def test_numbers_are_derived_from_the_saga_so_that_deciding_twice_gives_them_twice():
    first, again = onboard(), onboard()
    prefixes = zip(("PT-", "CT-", "DP-", "CA-", "WS-"), SERVICES, strict=True)
    for prefix, step in prefixes:
        assert isinstance(first[step], Done)
        assert first[step].result["number"] == again[step].result["number"]
        assert first[step].result["number"].startswith(prefix)
    assert number("CT-", "saga-1") != number("CT-", "saga-2")
