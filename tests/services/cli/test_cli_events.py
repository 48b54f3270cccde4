"""`onboarding events`: which events are meant, and how each is shown. On Kafka: tests/integration."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contracts.events import EVENTS, event_names
from contracts.reading import Reader
from contracts.schema_files import example_record
from saga_state.document import statuses
from services.cli.events import event_line, event_row
from services.cli.events_wanted import EventsWanted
from services.cli.printing import json_text

SECRETS = ("TechSolutions", "contact@techsolutions.com", "1234567890")
ALL = {
    name: Reader().read(example_record(name, version))
    for name, version in EVENTS
}  # fmt: skip
STARTED = ALL["PartnerOnboardingInitiated"]


def chosen(wanted: EventsWanted) -> list[str]:
    wanted.check()
    return [name for name, event in ALL.items() if wanted(event)]


def test_without_a_filter_every_event_is_meant():
    assert chosen(EventsWanted()) == list(event_names())


def test_types_are_those_named():
    assert chosen(EventsWanted(types=("DocumentsVerified", "ContractCreated"))) == [
        "ContractCreated",
        "DocumentsVerified",
    ]


@pytest.mark.parametrize(
    ("status", "event"),
    [
        ("INITIATED", "PartnerOnboardingInitiated"),
        ("CONTRACT_CREATED", "ContractCreated"),
        ("COMPLETED", "PartnerOnboardingCompleted"),
        ("FAILED", "PartnerOnboardingFailed"),
        ("COMPENSATING", "CompensationRequested"),
        ("COMPENSATED", "CompensationCompleted"),
    ],
)
def test_a_status_means_the_events_that_lead_to_it(status, event):
    assert chosen(EventsWanted(status=status)) == [event]


@pytest.mark.parametrize("status", statuses())
def test_no_status_is_without_its_event(status):
    assert len(EventsWanted(status=status).names) == 1


def test_only_the_topics_of_what_can_be_meant_are_read():
    assert EventsWanted(types=("ContractCreated",)).names == ["ContractCreated"]


def test_a_saga_a_partner_and_a_tenant_are_those_named():
    context = STARTED.context
    mine = chosen(EventsWanted(saga=context.saga_id))
    assert "PartnerOnboardingInitiated" in mine
    assert mine == [n for n, one in ALL.items() if one.context.saga_id == context.saga_id]
    assert mine == chosen(EventsWanted(partner=context.partner_id))
    assert mine == chosen(EventsWanted(saga=context.partner_id))
    same = [n for n, o in ALL.items() if o.context.correlation_id == context.correlation_id]
    assert same == chosen(EventsWanted(saga=context.correlation_id))
    assert chosen(EventsWanted(tenant="another")) == []


def test_since_goes_by_the_time_at_which_the_broker_had_it():
    had = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    ms = int(had.timestamp() * 1000)
    event = replace(STARTED, record=replace(STARTED.record, timestamp_ms=ms))
    assert EventsWanted(since=had)(event)
    assert not EventsWanted(since=had + timedelta(milliseconds=1))(event)


def test_as_json_personal_data_is_masked_and_ids_are_not():
    shown = json_text([event_row(event, with_data=False) for event in ALL.values()])
    assert [secret for secret in SECRETS if secret in shown] == []
    row = json.loads(shown)[0]
    assert (row["saga_id"], row["partner_id"], row["correlation_id"], row["journey"]) == (
        STARTED.context.saga_id,
        STARTED.context.partner_id,
        STARTED.context.correlation_id,
        "partner-onboarding/1",
    )
    assert row["data"]["partner_data"]["email"] == "***"
    assert ALL["ContractCreated"].body["contract"] == json.loads(shown)[2]["data"]["contract"]


def test_a_key_of_the_producers_own_is_masked():
    mine = replace(STARTED, record=replace(STARTED.record, key=b"me@mine.com"))
    assert event_row(mine, with_data=False)["key"] == "***"
    assert event_row(mine, with_data=True)["key"] == "me@mine.com"


def test_with_data_the_data_is_as_it_was_sent():
    assert event_row(STARTED, with_data=True)["data"] == STARTED.body


def test_a_line_says_when_whose_by_whom_and_what_without_personal_data():
    lines = [event_line(event).plain for event in ALL.values()]
    failed = next(line for line in lines if "PartnerOnboardingFailed" in line)
    event = ALL["PartnerOnboardingFailed"]
    assert failed.startswith(f"{event.time:%Y-%m-%d %H:%M:%S}Z  {event.context.saga_id}  ")
    assert event.body["code"] in failed
    assert [s for s in SECRETS for line in lines if s in line] == []


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("events -o json", "-o jsonl"),
        ("events --type ContractMade", "--type ContractMade: it is one of"),
        ("events --status DONE", "--status DONE: it is one of"),
        (
            "events --status FAILED --type ContractCreated",
            "--status FAILED means PartnerOnboardingFailed, --type another",
        ),
        ("events --tenant a/b", "--tenant a/b"),
        ("events --since soon", "--since soon: give 90s"),
        ("events --since 2126-03-02", "--since 2126-03-02: that is yet to come"),
        ("events", "no stack runs in"),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_line(onboarding, bare, command, line):
    ended = onboarding(*command.split())
    assert (ended.code, ended.out) == (2, "")
    assert line in ended.error
