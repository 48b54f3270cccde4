"""Personal data replaced: the rules decide the same, equal stays equal, and nothing personal is left."""

import json

import pytest
from hypothesis import given

from contracts.events import EVENTS
from contracts.operator import OPERATOR_EVENTS
from contracts.schema_files import example
from services.cli.replaced_values import Replacing
from services.cli.replacing import replaced_event, replaced_start
from services.registration.rules import RegistrationRules
from services.runtime.step import Done, Outcome
from tests.services.registration.handler_chain import REAL, play
from tests.services.registration.starts_given import SECRETS, journeys, starts, thorough

PHONE = SECRETS[-1]  # reads as a number, and may stand where one belongs
HOW = Replacing(b"a key of tests", RegistrationRules().denied_email_domains)


def decided(outcome: Outcome) -> object:
    """What does not differ by the data that is personal."""
    if not isinstance(outcome, Done):
        return outcome
    told = outcome.says.model_dump(mode="json")
    wishes = told.pop("wishes", None) or {}
    return told, [one["type"] for one in wishes.get("documents", ())]


def replaced(**changes: object) -> dict:
    return replaced_start(HOW, {"partner_data": REAL | changes})["partner_data"]


@pytest.mark.slow
@thorough
@given(starts, journeys)
def test_every_step_decides_the_same_as_of_what_was_sent(start, journey):
    before, after = play(start, journey), play(replaced_start(HOW, start), journey)
    assert {step: decided(one) for step, one in after.items()} == {
        step: decided(one) for step, one in before.items()
    }


@pytest.mark.slow
@thorough
@given(starts)
def test_nothing_personal_is_left_of_any_start(start):
    text = json.dumps(replaced_start(HOW, start))
    assert not any(secret in text for secret in (*SECRETS, "zz-secret") if secret != PHONE)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ana@mail.com", " Ana@MAIL.com "),
        ("ana@bücher.de", "ana@xn--bcher-kva.de"),
    ],
)
def test_two_ways_to_write_an_address_have_one_replacement(one, other):
    assert replaced(email=one)["email"] == replaced(email=other)["email"]
    assert replaced(email=one)["email"] != replaced(email="eva@mail.com")["email"]


def test_addresses_of_one_domain_stay_so_and_a_denied_domain_stays_denied():
    ana, eva = (replaced(email=f"{name}@mail.com")["email"] for name in ("ana", "eva"))
    assert ana.rpartition("@")[2] == eva.rpartition("@")[2] != "mail.com"
    assert replaced(email="ana@sub.blocked.example")["email"].endswith(".blocked.example")


def test_a_domain_that_replaces_one_is_not_denied_by_rules_that_deny_examples():
    how = Replacing(b"k", ("example", "test"))
    data = replaced_start(how, {"partner_data": REAL})["partner_data"]
    assert data["email"].endswith(".example.com")


def test_equal_values_are_equal_in_all_starts_and_under_another_key_others():
    one, other = replaced(ciudad="Quito"), replaced(nombre="Other", ciudad="Quito")
    assert one["ciudad"] == other["ciudad"]
    assert one["nombre"] != other["nombre"]
    again = replaced_start(Replacing(b"another"), {"partner_data": {"ciudad": "Quito"}})
    assert again["partner_data"]["ciudad"] != one["ciudad"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("nombre", "  "), ("tipo_partner", "STARTUP"), ("pais", "es"), ("pais", None),
        ("partner_id", "health"), ("partner_id", "2e927552-ecaa-55e3-9cfe-5d2bb300b974"),
        ("campaign_permissions", "SEARCH"), ("recruitment_preferences", {"seats": 3}),
        ("documents", [{"type": "IDENTITY", "number": "", "expires_on": "2020-01-31"}]),
        ("contract_terms", {"commission": "0.07", "months": 12}),
    ],
)  # fmt: skip
def test_what_the_rules_read_and_names_nobody_stays(field, value):
    assert replaced(**{field: value})[field] == value


def test_a_text_that_is_too_long_stays_too_long_and_one_that_is_not_does_not_become_so():
    long = replaced(documents=[{"type": "IDENTITY", "number": "n" * 201}])["documents"][0]
    short = replaced(documents=[{"type": "IDENTITY", "number": "n" * 200}])["documents"][0]
    assert (len(long["number"]), len(short["number"]) <= 200) == (201, True)


def test_fields_that_nobody_knows_are_left_out():
    assert "tax_number" not in replaced(tax_number="77")
    assert replaced_start(HOW, {"partner_data": {}, "owner": "Ana"}) == {"partner_data": {}}


@pytest.mark.parametrize(("name", "version"), [*EVENTS, *OPERATOR_EVENTS])
def test_an_event_of_any_kind_can_still_be_read_and_names_no_person(name, version):
    body = example(name, version)["value"] | {"extra": "Ana"}
    found = replaced_event(HOW, name, body)
    (EVENTS | OPERATOR_EVENTS)[name, version].model_validate(found)
    text = json.dumps(found)
    assert not any(word in text for word in ("TechSolutions", "corr-123", "ana", "4711", "Ana"))


def test_the_reason_of_a_step_stays_and_that_of_a_person_goes():
    step = {"reason": "The document is expired.", "requested_by": "/services/documents"}
    person = {"reason": "Ana has left.", "requested_by": "eva", "code": "REQUESTED"}
    assert replaced_event(HOW, "CompensationRequested", step) == step
    told = replaced_event(HOW, "CompensationRequested", person)
    assert (told["code"], told["reason"][:7], told["requested_by"][:7]) == (
        "REQUESTED", "reason-", "person-",
    )  # fmt: skip
