"""compensate and resolve: which saga is meant, what is asked, and what is refused."""

import json

import pytest
from letters_given import NOW

from contracts.envelope import Record
from contracts.reading import Reader
from saga_state.asking import Asking, undo_request
from services.cli.errors import CliError
from services.cli.wishes import person, reason_of, refuse_if_parked, the_one_to_undo

TOPIC = "onboarding.compensation-requested"


def test_the_request_is_read_as_one_of_a_person_for_the_whole_saga(sagas):
    saga, asking = sagas["COMPLETED"], Asking("ana", "x", "cli")
    one, other = (undo_request(saga, asking, None, NOW, "") for _ in range(2))
    assert one.topic == TOPIC
    event = Reader().read(Record(TOPIC, 0, 0, one.key, one.value, one.headers, 0))
    assert event.context.saga_id == saga["_id"]
    assert event.context.tenant_id == saga["tenant_id"]
    assert (event.data.failed_step, event.source) == (None, "/services/cli")
    assert json.loads(one.value)["failed_step"] is None
    assert one.event_id != other.event_id
    assert one.key == saga["partner_id"].encode()


@pytest.mark.parametrize("status", ["FAILED", "COMPENSATED"])
def test_what_has_nothing_to_undo_is_refused(sagas, status):
    saga = {**sagas["COMPLETED"], "status": status}
    with pytest.raises(CliError, match=f"is {status}: there is nothing to undo") as error:
        the_one_to_undo([saga], "corr")
    assert error.value.exit_code == 1


def test_of_all_that_an_id_stands_for_the_one_that_can_be_undone_is_meant(sagas):
    done = sagas["COMPLETED"]
    failed = {**done, "_id": "failed", "status": "FAILED"}
    assert the_one_to_undo([failed, done], "corr") is done
    with pytest.raises(CliError, match=r"corr stands for 2 sagas; name one: .*, other") as error:
        the_one_to_undo([done, {**done, "_id": "other"}], "corr")
    assert error.value.exit_code == 2


def test_while_an_undo_is_parked_asking_again_is_refused_and_names_what_helps(sagas):
    done = sagas["COMPLETED"]
    refuse_if_parked(done)
    steps = [{**one, "state": "undo_parked"} for one in done["steps"]]
    told = f"`onboarding resolve {done['_id']} --step {steps[0]['step']}`"
    with pytest.raises(CliError, match=f"is parked: .* {told}") as error:
        refuse_if_parked({**done, "steps": steps})
    assert error.value.exit_code == 1
    with pytest.raises(CliError, match=r" --tenant acme`$"):
        refuse_if_parked({**done, "steps": steps, "tenant_id": "acme"})


def test_a_reason_and_a_person_are_needed(monkeypatch):
    assert reason_of(" the  partner\nhas left ") == "the partner has left"
    for wrong in ("", " ", "x" * 501, None):
        with pytest.raises(CliError, match="--reason: say why"):
            reason_of(wrong)
    monkeypatch.setenv("LOGNAME", "eva")
    assert (person(None), person("ana")) == ("eva", "ana")
