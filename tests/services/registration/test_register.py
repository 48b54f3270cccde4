"""Registration: whose data is valid, who may become a partner, and what is kept and handed on."""

import pytest
from handler_chain import REAL, REAL_CREATION, decide
from pydantic import ValidationError

from services.registration import STEP
from services.registration.rules import RegistrationRules, normalised_country, normalised_phone
from services.runtime.step import Done, Rejected


def register(journey="partner-onboarding", rules=None, **changes):
    data = {name: value for name, value in (REAL | changes).items() if value is not ...}
    return decide("registration", {"partner_data": data}, journey, **(rules or {}))


def test_a_valid_partner_is_registered_with_its_contact():
    outcome = register(
        nombre="  TechSolutions Inc ", telefono="0012 (345) 678-90", pais="es", ciudad="Vigo"
    )
    assert isinstance(outcome, Done)
    assert dict(outcome.result) == {
        "partner_id": outcome.says.partner.partner_id,
        "number": outcome.result["number"],
        "kind": "EMPRESA",
        "country": "ES",
        "name": "TechSolutions Inc",
        "contact": {
            "email": "contact@techsolutions.com",
            "phone": "+1234567890",
            "city": "Vigo",
        },
        "state": "REGISTERED",
    }
    assert outcome.result["number"].startswith("PT-")


def test_the_email_is_held_in_its_normalised_form_and_kept_as_it_was_sent():
    outcome = register(email=" Contact@TechSolutions.COM ")
    assert outcome.holds == {"email": "contact@techsolutions.com"}
    assert outcome.result["contact"]["email"] == "Contact@TechSolutions.COM"


def test_a_held_email_is_a_duplicate_partner():
    assert STEP.taken["email"].code == "DUPLICATE_PARTNER"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"nombre": ...}, "nombre"),
        ({"nombre": None}, "nombre"),
        ({"nombre": " \t\n"}, "nombre"),
        ({"nombre": 7}, "nombre"),
        ({"email": ...}, "email"),
        ({"email": "no-at-sign"}, "email"),
        ({"email": "Ana <ana@example.com>"}, "email"),
        ({"email": "ana@" + "x" * 250_000}, "email"),
        ({"telefono": "+123456"}, "telefono"),
        ({"telefono": "+1234567890123456"}, "telefono"),
        ({"telefono": "1234567890"}, "telefono"),
        ({"telefono": "+12345abcde"}, "telefono"),
        ({"tipo_partner": ...}, "tipo_partner"),
        ({"tipo_partner": None}, "tipo_partner"),
        ({"tipo_partner": "GOBIERNO"}, "tipo_partner"),
        ({"pais": "XX"}, "pais"),
        ({"pais": "Spain"}, "pais"),
        ({"pais": ""}, "pais"),
        ({"partner_id": "a/b"}, "partner_id"),
        ({"partner_id": ""}, "partner_id"),
        ({"partner_id": "health"}, "partner_id"),
        ({"preferred_contract_type": "GOLD"}, "preferred_contract_type"),
        ({"documents": [{"type": "PASSPORT", "number": "1"}]}, "documents.0.type"),
        ({"campaign_permissions": {"monthly_budget": -1}}, "monthly_budget"),
        ({"recruitment_preferences": {"seats": "3"}}, "seats"),
    ],
)
def test_what_is_wrong_is_invalid_partner_data_and_named(changes, named):
    outcome = register(**changes)
    assert isinstance(outcome, Rejected)
    assert outcome.code == "INVALID_PARTNER_DATA"
    assert named in outcome.reason


@pytest.mark.parametrize("partner_data", [..., None, [], "text", 7])
def test_a_start_without_an_object_of_partner_data_is_invalid(partner_data):
    start = {} if partner_data is ... else {"partner_data": partner_data}
    assert decide("registration", start).code == "INVALID_PARTNER_DATA"


def test_everything_that_is_wrong_is_told_at_once():
    reason = register(nombre="", email="x", telefono="y", pais="z", tipo_partner=...).reason
    assert all(name in reason for name in ("nombre", "email", "telefono", "pais", "tipo_partner"))


@pytest.mark.parametrize(
    "changes",
    [
        {"nombre": "é" * 10_000},
        {"telefono": "+1234567"},
        {"telefono": "+123456789012345"},
        {"partner_id": "p-1._X"},
        {"pais": "aq"},
        {"preferred_contract_type": None, "documents": None, "pais": None, "partner_id": None},
        {"a_field_nobody_knows": {"deep": [1]}},
    ],
)
def test_what_is_unusual_but_valid_is_registered(changes):
    assert isinstance(register(**changes), Done)


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({"pais": "KP"}, {}),
        ({"pais": "kp"}, {}),
        ({"email": "ana@blocked.example"}, {}),
        ({"email": "ana@Mail.Blocked.Example"}, {}),
        ({"pais": "FR"}, {"denied_countries": ["FR"]}),
        ({"email": "ana@müller.de"}, {"denied_email_domains": ["xn--mller-kva.de"]}),
    ],
)
def test_a_denied_country_or_email_domain_is_not_allowed(changes, rules):
    assert register(rules=rules, **changes).code == "PARTNER_NOT_ALLOWED"


def test_a_domain_that_only_ends_like_a_denied_one_is_welcome():
    assert isinstance(register(email="ana@unblocked.example"), Done)


def test_in_partner_creation_a_partner_without_a_kind_is_an_individual():
    outcome = decide("registration", {"partner_data": REAL_CREATION}, "partner-creation")
    assert outcome.says.partner.kind == "INDIVIDUAL"
    assert outcome.result["contact"]["address"] == "123 Main Street"


def test_in_partner_creation_a_kind_that_is_given_counts():
    assert register("partner-creation").says.partner.kind == "EMPRESA"


def test_all_wishes_are_handed_on_and_nothing_personal():
    outcome = register(campaign_permissions="can_create_campaigns", direccion="Main Street 1")
    assert outcome.says.wishes.preferred_contract_type == "PREMIUM"
    assert outcome.says.wishes.campaign_permissions == "can_create_campaigns"
    wire = outcome.says.model_dump_json()
    kept = outcome.result
    for personal in (kept["name"], *kept["contact"].values()):
        assert personal not in wire


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("+1234567890", "+1234567890"),
        ("0034 91 123.45.67", "+34911234567"),
        ("+34 (91)\u00a0123\u201145\u201367", "+34911234567"),
        ("", None),
        ("+", None),
        ("++1234567", None),
        ("+١٢٣٤٥٦٧٨", None),
        ("+1234567\nx", None),
    ],
)
def test_a_phone_number_is_normalised_to_e164(text, normalised):
    assert normalised_phone(text) == normalised


@pytest.mark.parametrize(("text", "code"), [(" de ", "DE"), ("ß", None), ("DEU", None)])
def test_a_country_is_normalised_to_its_code(text, code):
    assert normalised_country(text) == code


@pytest.mark.parametrize(
    "wrong",
    [
        {"denied_countries": ["kp"]},
        {"denied_email_domains": ["@blocked.example"]},
        {"denied_contries": []},
    ],
)
def test_a_list_that_could_never_match_is_refused_at_start(wrong):
    with pytest.raises(ValidationError):
        RegistrationRules(**wrong)
