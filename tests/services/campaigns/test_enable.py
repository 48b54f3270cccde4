"""Campaigns: the channels and the budget asked for are within the contract."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from contracts.envelope import Context
from contracts.events import DocumentsVerified
from contracts.facts import Contract, DocumentPackage, Partner, Wishes
from services.campaigns import STEP
from services.runtime.step import Effects, Rejected

CONTRACT = Contract(
    number="CT-1",
    kind="ONBOARDING",
    type="STANDARD",
    level="STANDARD",
    channels=("DISPLAY", "SEARCH"),
    monthly_budget=Decimal("10000.00"),
    currency="USD",
    seats=3,
    job_kinds=("FREELANCE", "PART_TIME"),
)


def enable(wish=None, **wishes):
    event = DocumentsVerified(
        partner=Partner(partner_id="p-1", kind="STARTUP"),
        contract=CONTRACT,
        package=DocumentPackage(number="DP-1", level="STANDARD"),
        wishes=Wishes(campaign_permissions=wish, **wishes),
    )
    context = Context("saga-1", "default", "p-1", "corr-1", "partner-onboarding", 1)
    return STEP.handler(event, Effects(datetime(2026, 3, 10, tzinfo=UTC), context, STEP.rules()))


@pytest.mark.parametrize(
    ("wish", "channels", "budget"),
    [
        (None, "DISPLAY SEARCH", "10000.00"),
        ("can_create_campaigns", "DISPLAY SEARCH", "10000.00"),
        ("SEARCH", "SEARCH", "10000.00"),
        ({}, "DISPLAY SEARCH", "10000.00"),
        ({"unknown": 1}, "DISPLAY SEARCH", "10000.00"),
        ({"channels": ["SEARCH", "DISPLAY", "SEARCH"]}, "DISPLAY SEARCH", "10000.00"),
        ({"channels": []}, "", "10000.00"),
        ({"monthly_budget": "10000"}, "DISPLAY SEARCH", "10000.00"),
        ({"monthly_budget": 0.1}, "DISPLAY SEARCH", "0.10"),
        ({"monthly_budget": "1e3", "channels": ["DISPLAY"]}, "DISPLAY", "1000.00"),
        ({"monthly_budget": "-0"}, "DISPLAY SEARCH", "0.00"),
    ],
)
def test_a_partner_gets_what_it_asks_for_or_everything(wish, channels, budget):
    outcome = enable(wish)
    assert outcome.result["channels"] == channels.split()
    assert outcome.result["monthly_budget"] == budget
    assert (outcome.result["currency"], outcome.result["state"]) == ("USD", "ENABLED")
    assert list(outcome.says.campaign_account.channels) == channels.split()
    assert outcome.result["number"].startswith("CA-")


def test_a_text_that_names_no_channel_is_kept_as_a_note():
    assert enable("can_create_campaigns").result["note"] == "can_create_campaigns"


@pytest.mark.parametrize("wish", [None, "DISPLAY", {"channels": ["DISPLAY"]}])
def test_any_other_wish_leaves_no_note(wish):
    assert "note" not in enable(wish).result


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ("VIDEO", "VIDEO"),
        ({"channels": ["DISPLAY", "SOCIAL", "VIDEO"]}, "SOCIAL, VIDEO"),
        ({"channels": ["display"]}, "1 of unknown name"),
        ({"channels": ["ana@example.com", "VIDEO"]}, "VIDEO, 1 of unknown name"),
    ],
)
def test_a_channel_outside_the_contract_is_not_allowed(wish, told):
    outcome = enable(wish)
    assert isinstance(outcome, Rejected)
    assert outcome.code == "CHANNEL_NOT_ALLOWED"
    assert told in outcome.reason
    assert "@" not in outcome.reason


def test_a_budget_above_the_contract_exceeds_the_limit():
    outcome = enable({"monthly_budget": "10000.01"})
    assert outcome.code == "CAMPAIGN_LIMIT_EXCEEDED"
    assert "10000.01 USD" in outcome.reason
    assert "10000.00 of the STANDARD contract" in outcome.reason


def test_only_the_wishes_for_recruitment_are_handed_on():
    wishes = enable("SEARCH", recruitment_preferences="FREELANCE").says.wishes
    assert wishes.campaign_permissions is None
    assert wishes.recruitment_preferences == "FREELANCE"
