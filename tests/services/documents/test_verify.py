"""Documents: which are required, which are good, and what the package says of the others."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from contracts.envelope import Context
from contracts.events import ContractCreated
from contracts.facts import Contract, Partner, Wishes
from services.documents import STEP
from services.documents.rules import DocumentRules
from services.runtime.step import Done, Effects, Rejected

NOW = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)
EXPIRED = {"type": "IDENTITY", "number": "N-1", "expires_on": date(2026, 3, 9)}
GOOD = {"type": "IDENTITY", "number": "N-2", "expires_on": date(2026, 3, 10)}
UNNUMBERED = {"type": "IDENTITY", "number": "  "}
BACKWARDS = {
    "type": "IDENTITY",
    "number": "N-3",
    "issued_on": date(2026, 3, 2),
    "expires_on": date(2026, 3, 1),
}
SCRUTINY = "FINANCIAL_STATEMENT INSURANCE_CERTIFICATE COMPLIANCE_CERTIFICATE"


def contract(type_):
    return Contract(
        number="CT-1",
        kind="ONBOARDING",
        type=type_,
        level="ENHANCED",
        channels=(),
        monthly_budget=Decimal(1),
        currency="USD",
        seats=1,
        job_kinds=(),
    )


def verify(*documents, kind="INDIVIDUAL", type_="BASIC", now=NOW, rules=None, **wishes):
    event = ContractCreated(
        partner=Partner(partner_id="p-1", kind=kind),
        contract=contract(type_),
        wishes=Wishes(documents=documents, **wishes),
    )
    context = Context("saga-1", "default", "p-1", "corr-1", "partner-onboarding", 1)
    return STEP.handler(event, Effects(now, context, DocumentRules(**(rules or {}))))


@pytest.mark.parametrize(
    ("kind", "type_", "asked", "required"),
    [
        ("INDIVIDUAL", "BASIC", "", "IDENTITY"),
        ("STARTUP", "STANDARD", "", "IDENTITY BUSINESS_REGISTRATION"),
        ("EMPRESA", "BASIC", "", "IDENTITY BUSINESS_REGISTRATION TAX_CERTIFICATE"),
        ("STARTUP", "PREMIUM", "", "IDENTITY BUSINESS_REGISTRATION BANK_STATEMENT"),
        (
            *("EMPRESA", "ENTERPRISE", ""),
            f"IDENTITY BUSINESS_REGISTRATION TAX_CERTIFICATE {SCRUTINY}",
        ),
        (*("EMPRESA", "CUSTOM", ""), f"IDENTITY BUSINESS_REGISTRATION TAX_CERTIFICATE {SCRUTINY}"),
        ("INDIVIDUAL", "BASIC", "REFERENCE_LETTER IDENTITY", "IDENTITY REFERENCE_LETTER"),
    ],
)
def test_the_required_set_is_of_the_kind_the_contract_and_the_producer(
    kind, type_, asked, required
):
    outcome = verify(kind=kind, type_=type_, required_documents=asked.split())
    documents = outcome.result["documents"]
    assert [document["type"] for document in documents] == required.split()


def test_required_documents_that_do_not_come_count_as_on_file():
    outcome = verify()
    assert outcome.result["documents"] == [{"type": "IDENTITY", "verdict": "ON_FILE"}]
    assert outcome.result["on_file"] is True
    assert outcome.result["state"] == "VERIFIED"


def test_documents_that_come_are_judged_and_kept_with_their_verdict():
    outcome = verify(GOOD)
    assert outcome.result["documents"] == [
        {"type": "IDENTITY", "number": "N-2", "expires_on": "2026-03-10", "verdict": "VERIFIED"}
    ]
    assert outcome.result["on_file"] is False


@pytest.mark.parametrize(
    ("documents", "code"),
    [
        ([EXPIRED], "DOCUMENT_EXPIRED"),
        ([UNNUMBERED], "DOCUMENT_REJECTED"),
        ([BACKWARDS], "DOCUMENT_REJECTED"),
        ([EXPIRED, UNNUMBERED], "DOCUMENT_EXPIRED"),
        ([UNNUMBERED, EXPIRED], "DOCUMENT_REJECTED"),
    ],
)
def test_a_required_document_that_is_not_good_is_a_no(documents, code):
    outcome = verify(*documents)
    assert isinstance(outcome, Rejected)
    assert outcome.code == code
    assert "IDENTITY" in outcome.reason


@pytest.mark.parametrize("documents", [[EXPIRED, GOOD], [GOOD, EXPIRED], [UNNUMBERED, GOOD]])
def test_one_good_document_of_a_type_suffices(documents):
    assert isinstance(verify(*documents), Done)


def test_a_bad_document_that_is_not_required_has_a_verdict_but_is_no_reason_for_a_no():
    outcome = verify(GOOD, {**EXPIRED, "type": "TAX_CERTIFICATE"})
    assert [one["verdict"] for one in outcome.result["documents"]] == ["VERIFIED", "EXPIRED"]


def test_a_bad_document_that_the_producer_requires_is_a_no():
    letter = {**EXPIRED, "type": "REFERENCE_LETTER"}
    assert verify(letter, required_documents=["REFERENCE_LETTER"]).code == "DOCUMENT_EXPIRED"


@pytest.mark.parametrize(
    ("now", "good"),
    [
        (datetime(2026, 3, 10, 23, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 11, 0, 0, tzinfo=UTC), False),
        (datetime(2026, 3, 11, 5, 0, tzinfo=timezone(timedelta(hours=9))), True),
        (datetime(2026, 3, 10, 20, 0, tzinfo=timezone(timedelta(hours=-9))), False),
    ],
)
def test_a_document_is_good_through_the_utc_day_it_expires_on(now, good):
    assert isinstance(verify(GOOD, now=now), Done) == good


def test_the_package_has_the_level_of_the_contract_and_hands_on_no_documents():
    outcome = verify(GOOD, required_documents=["REFERENCE_LETTER"], campaign_permissions="x")
    assert outcome.says.package.level == "ENHANCED"
    assert outcome.says.package.number.startswith("DP-")
    assert outcome.says.wishes.documents == outcome.says.wishes.required_documents == ()
    assert outcome.says.wishes.campaign_permissions == "x"
    assert "N-2" not in outcome.says.model_dump_json()


def test_the_required_sets_are_settings():
    rules = {"required_of_kind": {"INDIVIDUAL": ["TAX_CERTIFICATE"]}}
    assert [one["type"] for one in verify(rules=rules).result["documents"]] == ["TAX_CERTIFICATE"]
