"""`--at`, `--step-through` and `diff` on a real mongod: what a person and a program are told."""

import json

import pytest

from tests.saga_state.saga_given import Voices, at

pytestmark = pytest.mark.servers


@pytest.fixture
def undone(projected) -> Voices:
    """A saga whose documents said no; it was undone after twenty seconds."""
    v = Voices()
    projected(*v.undone_from("documents"))
    return v


def time(seconds: float) -> str:
    return at(seconds).isoformat()


def test_a_saga_is_shown_as_it_stood(undone, onboarding):
    then = onboarding("status", undone.id, "--at", time(2), "-o", "json")
    saga = json.loads(then.out)
    assert (saga["status"], saga["current_step"]) == ("CONTRACT_CREATED", "documents")
    assert (saga["failure"], saga["as_of"]) == (None, "2025-03-01T09:30:02.000000Z")
    shown = onboarding("status", undone.id, "--at", time(10)).out
    assert shown.startswith("as it stood at 2025-03-01 09:30:10.000Z:\n")
    assert "COMPENSATING" in shown
    now = json.loads(onboarding("status", undone.id, "-o", "json").out)
    assert now["status"] == "COMPENSATED"


def test_of_the_sagas_of_a_partner_the_newest_of_that_time_is_shown(projected, onboarding):
    old, new = Voices(number="1", partner="p"), Voices(number="2", partner="p")
    projected(*old.whole_way(), new.start(50))
    for seconds, one in ((20, old), (50, new)):
        told = onboarding("status", "p", "--at", time(seconds), "-o", "json")
        assert json.loads(told.out)["saga_id"] == one.id


@pytest.mark.parametrize("command", ["status", "list", "diff"])
def test_what_is_yet_to_come_is_refused(undone, onboarding, command):
    asked = {
        "diff": (undone.id, "--between", time(0), "2999-01-01"),
        "list": ("--at", "2999-01-01"),
    }
    ended = onboarding(command, *asked.get(command, (undone.id, "--at", "2999-01-01")))
    assert (ended.code, ended.out) == (2, "")
    assert "2999-01-01: that is yet to come; it is 20" in ended.error


def test_before_its_first_event_nothing_is_known_of_a_saga(undone, onboarding):
    for asked in (("status", "--at", time(-1)), ("diff", "--between", time(-1), time(1))):
        ended = onboarding(asked[0], undone.id, *asked[1:])
        assert (ended.code, ended.out) == (1, "")
        assert "at 2025-03-01 09:29:59.000Z: the first event that is kept is of" in ended.error


def test_the_fleet_is_listed_as_it_stood_and_not_before_all_that_is_kept(undone, onboarding):
    then = onboarding("list", "--at", time(2), "--status", "CONTRACT_CREATED", "-o", "jsonl")
    assert json.loads(then.out)["saga_id"] == undone.id
    assert onboarding("list", "--at", time(2), "--status", "COMPENSATED", "-o", "jsonl").out == ""
    ended = onboarding("list", "--at", time(-60))
    assert (ended.code, ended.out) == (1, "")
    assert "nothing is kept of 2025-03-01 09:29:00.000Z: the first start of tenant" in ended.error
    assert onboarding("list", "--at", time(2), "--tenant", "nobody").code == 0


def test_a_timeline_steps_through_what_each_event_changed(undone, onboarding):
    told = json.loads(onboarding("timeline", undone.id, "--step-through", "-o", "json").out)
    assert [one["after"]["status"] for one in told][-3:] == [
        "COMPENSATING", "COMPENSATING", "COMPENSATED",
    ]  # fmt: skip
    assert [one["before"] for one in told[1:]] == [one["after"] for one in told[:-1]]
    assert {"field": "contract.state", "before": "undoing", "after": "undone"} in told[5]["changes"]
    assert "data" not in told[0]
    lines = onboarding("timeline", undone.id, "--step-through").out.splitlines()
    assert "- -> INITIATED" in lines[3]
    assert "failure documents: NO" in " ".join(lines)
    assert "COMPENSATING -> COMPENSATED" in lines[-2]


def test_a_diff_tells_what_changed_and_which_events_made_it_so(undone, onboarding):
    told = onboarding("diff", undone.id, "--between", time(1), time(2), "-o", "json")
    found = json.loads(told.out)
    assert {
        "field": "status",
        "before": "PARTNER_REGISTERED",
        "after": "CONTRACT_CREATED",
    } in found["changes"]
    assert [one["type"] for one in found["events"]] == ["ContractCreated"]
    shown = onboarding("diff", undone.id, "--between", time(1), time(2)).out
    assert "2025-03-01 09:30:01.000Z   2025-03-01 09:30:02.000Z" in shown
    assert "+0.000 s   ContractCreated" in shown
    assert onboarding("diff", undone.id, "--between", time(2), time(5)).out == "no change\n"
    ended = onboarding("diff", undone.id, "--between", time(2), time(1))
    assert (ended.code, "the earlier time comes first" in ended.error) == (2, True)
