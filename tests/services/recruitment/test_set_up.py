"""Recruitment: seats and job kinds within the contract, and not in every country."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from contracts.envelope import Context
from contracts.events import CampaignsEnabled
from contracts.facts import CampaignAccount, Contract, Partner, Wishes
from services.recruitment import STEP
from services.recruitment.rules import RecruitmentRules
from services.runtime.step import Done, Effects, Rejected

CONTRACT = Contract(
    number="CT-1",
    kind="ONBOARDING",
    type="STANDARD",
    level="STANDARD",
    channels=("DISPLAY",),
    monthly_budget=Decimal(1),
    currency="USD",
    seats=3,
    job_kinds=("FREELANCE", "PART_TIME"),
)
ACCOUNT = CampaignAccount(
    number="CA-1", channels=("DISPLAY",), monthly_budget=Decimal(1), currency="USD"
)


def set_up(wish=None, country=None, **rules):
    event = CampaignsEnabled(
        partner=Partner(partner_id="p-1", kind="STARTUP", country=country),
        contract=CONTRACT,
        campaign_account=ACCOUNT,
        wishes=Wishes(recruitment_preferences=wish),
    )
    context = Context("saga-1", "default", "p-1", "corr-1", "partner-onboarding", 1)
    now = datetime(2026, 3, 10, tzinfo=UTC)
    return STEP.handler(event, Effects(now, context, RecruitmentRules(**rules)))


@pytest.mark.parametrize(
    ("wish", "seats", "job_kinds"),
    [
        (None, 3, "FREELANCE PART_TIME"),
        ("job_posting_enabled", 3, "FREELANCE PART_TIME"),
        ("PART_TIME", 3, "PART_TIME"),
        ({}, 3, "FREELANCE PART_TIME"),
        ({"seats": 0, "job_kinds": []}, 0, ""),
        ({"seats": 3, "job_kinds": ["PART_TIME", "FREELANCE"]}, 3, "FREELANCE PART_TIME"),
    ],
)
def test_a_partner_gets_what_it_asks_for_or_everything(wish, seats, job_kinds):
    outcome = set_up(wish)
    assert outcome.result["seats"] == outcome.says.workspace.seats == seats
    assert outcome.result["job_kinds"] == job_kinds.split()
    assert outcome.result["state"] == "READY"
    assert outcome.result["number"].startswith("WS-")


def test_a_text_that_names_no_job_kind_is_kept_as_a_note():
    assert set_up("job_posting_enabled").result["note"] == "job_posting_enabled"
    assert "note" not in set_up("FREELANCE").result


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({"seats": 4}, "4 seats are more than the 3"),
        ("FULL_TIME", "no seats for jobs of FULL_TIME"),
        ({"job_kinds": ["FREELANCE", "FULL_TIME"]}, "no seats for jobs of FULL_TIME"),
        ({"job_kinds": ["ana@example.com"]}, "no seats for jobs of 1 of unknown name"),
    ],
)
def test_more_than_the_contract_gives_exceeds_the_seats(wish, told):
    outcome = set_up(wish)
    assert isinstance(outcome, Rejected)
    assert outcome.code == "SEATS_EXCEEDED"
    assert told in outcome.reason
    assert "@" not in outcome.reason


def test_there_is_no_recruitment_in_antarctica():
    outcome = set_up(country="AQ")
    assert outcome.code == "NOT_AVAILABLE_IN_COUNTRY"
    assert "AQ" in outcome.reason


def test_where_there_is_no_recruitment_is_a_setting():
    assert isinstance(set_up(country="AQ", unavailable_countries=[]), Done)
    refused = set_up(country="FR", unavailable_countries=["FR"])
    assert refused.code == "NOT_AVAILABLE_IN_COUNTRY"
