"""The stuck sagas of a fleet, grouped by why."""

from dataclasses import replace

from saga_given import at
from why_given import asked, calling, not_there, retrying, waiting

from saga_state.why.fleet import fleet_of


def test_stuck_sagas_are_grouped_by_cause_and_service_the_largest_group_first():
    gone, retries = asked(service=not_there()), asked(retrying("HTTP 418"))
    older = {**waiting(), "_id": "older", "updated_at": at(1)}
    fleet = fleet_of([(waiting(), retries), (waiting(), gone), (older, gone)])
    assert [(one.cause, one.service, one.count) for one in fleet.groups] == [
        ("service_not_running", "documents", 2), ("waiting_for_retry", "documents", 1),
    ]  # fmt: skip
    first = fleet.groups[0]
    assert (first.example, first.since, first.sure) == ("older", at(1), 2)
    assert first.command == "python -m services.documents"
    assert fleet.groups[1].command == "onboarding watch"


def test_what_is_under_way_and_well_is_counted_and_is_no_group():
    fleet = fleet_of([(waiting(), asked(calling(19)))] * 3)
    assert (fleet.groups, fleet.looked_at, fleet.well) == ([], 3, 3)


def test_of_a_group_it_is_told_of_how_many_the_cause_is_proven():
    sure = asked(service=not_there())
    unsure = replace(sure, sure=False)
    (group,) = fleet_of([(waiting(), sure), (waiting(), unsure)]).groups
    assert (group.count, group.sure) == (2, 1)
    assert group.body["cause"] == "service_not_running"
