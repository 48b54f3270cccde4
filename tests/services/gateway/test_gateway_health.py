"""The rows of the health page: of services and of gateways."""

import pytest

from services.gateway.looks import gateway_check

ONE = {"version": "1.0", "waiting_for": {}}


@pytest.mark.parametrize(
    ("living", "status", "why"),
    [
        ([ONE], "pass", None),
        ([ONE, {"version": "1.1"}], "pass", None),
        ([ONE, {**ONE, "waiting_for": {"kafka": "KafkaError"}}], "warn", "one waits for kafka"),
        ([], "warn", "no record of a living process (yet)"),
    ],
)
def test_gateways_are_well_if_one_lives_and_none_waits_for_a_server(living, status, why):
    told = gateway_check(living)
    assert (told["status"], told["why"], told["instances"]) == (status, why, len(living))
    assert told["versions"] == sorted({one["version"] for one in living})
