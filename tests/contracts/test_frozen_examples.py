"""The frozen example messages are read today as they were read when they were made."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from contracts import ids
from contracts.events import EVENTS, event_names
from contracts.example_saga import example_messages
from contracts.operator import OPERATOR_EVENTS
from contracts.reading import Reader
from contracts.schema_files import example, example_record

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SAGA = "273ba14f-dc15-5fbd-a4f2-37426cc75804"
PARTNER = "70589b6f-53c9-5c5e-bea1-5fb687f169d2"
UNDONE = "dedc3099-e3c4-577c-9745-41e14766b71b"
DIGESTS = {
    "PartnerOnboardingInitiated": "8fb53ca99708e8d273c159af2dd6b083",
    "PartnerRegistrationCompleted": "3e002e2e29a984b32c59fbd511510c9f",
    "ContractCreated": "5f72f58abe43b94a21b59d30db2ec804",
    "DocumentsVerified": "42bdc1e31b0ed1fd15bf5019c7201592",
    "CampaignsEnabled": "ed2bdd132fa7ad19209efda1cb3f6069",
    "RecruitmentSetupCompleted": "da0ccddc6152b218b5f6c01a168c8f41",
    "PartnerOnboardingCompleted": "a71af28044037023f65c1841624d498c",
    "PartnerOnboardingFailed": "55d46768e9fc8c69bb012cd49e85e136",
    "CompensationRequested": "c9763dbf18d30cfb7b446d7959c7f8cc",
    "CompensationCompleted": "026a5483aa478769066e07b309b109c4",
}


def read(name):
    return Reader().read(example_record(name, 1))


@pytest.mark.parametrize("key", EVENTS, ids=lambda key: key[0])
def test_every_field_of_the_envelope_is_read_from_the_example(key):
    message, event = example(*key), read(key[0])
    headers = message["headers"]
    assert (event.name, event.version) == key
    assert (event.event_id, event.source) == (headers["ce_id"], headers["ce_source"])
    assert event.causation_id == headers.get("ce_causationid")
    assert event.traceparent == headers["traceparent"] == TRACE
    assert event.time == datetime.fromisoformat(headers["ce_time"])
    assert event.context.saga_id == headers["ce_sagaid"]
    assert (
        event.context.partner_id
        == headers["ce_subject"]
        == headers["ce_partitionkey"]
        == message["key"]
    )
    assert event.context.correlation_id == headers["ce_correlationid"] == "corr-123-456"
    assert (event.context.tenant_id, event.context.journey_label) == (
        "default",
        "partner-onboarding/1",
    )
    assert event.body == message["value"]


@pytest.mark.parametrize("name", event_names())
def test_the_body_of_an_example_and_its_digest_never_change(name):
    """Steps keep digests: another way to make them would turn each redelivery into ID_REUSED."""
    assert read(name).digest == DIGESTS[name]


def test_the_ids_of_the_examples_are_those_that_the_rules_derive():
    start = read("PartnerOnboardingInitiated")
    assert (start.context.saga_id, start.context.partner_id) == (SAGA, PARTNER)
    told = {name: read(name) for name, _ in EVENTS}
    assert told["ContractCreated"].event_id == ids.said_id(SAGA, "ContractCreated", "contract")
    assert told["CompensationRequested"].event_id == ids.failure_id(
        UNDONE, "CompensationRequested", "documents", "documents"
    )
    assert told["CompensationCompleted"].event_id == ids.said_id(
        UNDONE, "CompensationCompleted", "contract"
    )


def test_each_event_of_the_completed_saga_answers_the_one_before():
    names = [
        "PartnerOnboardingInitiated",
        "PartnerRegistrationCompleted",
        "ContractCreated",
        "DocumentsVerified",
        "CampaignsEnabled",
        "RecruitmentSetupCompleted",
    ]
    told = [read(name) for name in names]
    assert [event.causation_id for event in told[1:]] == [event.event_id for event in told[:-1]]
    assert [event.time for event in told] == sorted(event.time for event in told)
    assert {event.context for event in told} == {told[0].context}
    assert read("PartnerOnboardingCompleted").causation_id == told[-1].causation_id


def test_the_undone_saga_asks_before_it_fails_and_its_undoing_answers_the_request():
    asked, failed, undone = (
        read(name)
        for name in ("CompensationRequested", "PartnerOnboardingFailed", "CompensationCompleted")
    )
    assert asked.context == failed.context == undone.context
    assert asked.context.saga_id == UNDONE
    assert undone.causation_id == asked.event_id
    assert asked.data.requested_by == asked.source == "/services/documents"
    assert (asked.data.failed_step, failed.data.code) == ("documents", "DOCUMENT_EXPIRED")
    assert (undone.data.step, undone.data.outcome) == ("contract", "undone")


def test_the_facts_of_the_completed_saga():
    enabled = read("CampaignsEnabled").data
    assert (enabled.partner.partner_id, enabled.partner.kind, enabled.partner.country) == (
        PARTNER,
        "EMPRESA",
        None,
    )
    assert (enabled.contract.number, enabled.contract.type, enabled.contract.level) == (
        "CT-7JSVKCQTLNJYVH6H",
        "PREMIUM",
        "ENHANCED",
    )
    assert (enabled.contract.seats, enabled.contract.kind) == (10, "ONBOARDING")
    assert (enabled.campaign_account.monthly_budget, enabled.campaign_account.currency) == (
        Decimal(50_000),
        "USD",
    )
    assert enabled.campaign_account.channels == ("DISPLAY", "SEARCH", "SOCIAL")
    assert enabled.wishes.preferred_contract_type == "PREMIUM"
    assert enabled.answer_within_seconds == 30
    package = read("DocumentsVerified").data.package
    assert (package.number[:3], package.level) == ("DP-", "ENHANCED")
    workspace = read("RecruitmentSetupCompleted").data.workspace
    assert (workspace.seats, workspace.job_kinds) == (10, ("FREELANCE", "PART_TIME", "FULL_TIME"))
    completed = read("PartnerOnboardingCompleted")
    assert (completed.data.partner_id, completed.data.last_step) == (PARTNER, "recruitment")
    assert completed.time == datetime(2026, 3, 3, 14, 15, 1, 500_000, tzinfo=UTC)


def test_the_maker_of_examples_knows_every_event():
    assert set(example_messages()) == {*EVENTS, *OPERATOR_EVENTS}
