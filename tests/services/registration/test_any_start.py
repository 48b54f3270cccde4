"""Whatever JSON object starts a saga, the decisions answer, keep what MongoDB can, and tell no one."""

import re
from typing import Any

from handler_chain import play
from hypothesis import given
from starts_given import SECRETS, journeys, mostly_plausible, starts, thorough

from services.runtime.step import Done, Rejected

CODE = re.compile(r"[A-Z]+(_[A-Z]+)+")


def storable(value: Any) -> bool:
    """What BSON holds and the step document allows: no floats, whole numbers of 64 bits."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and storable(one) for key, one in value.items())
    if isinstance(value, list):
        return all(storable(one) for one in value)
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return isinstance(value, str)


@thorough
@given(starts, journeys)
def test_any_start_has_an_outcome_that_can_be_kept(start, journey):
    for outcome in play(start, journey).values():
        if isinstance(outcome, Done):
            assert storable(dict(outcome.result))
            assert all(isinstance(value, str) for value in outcome.holds.values())
        else:
            assert CODE.fullmatch(outcome.code)


@thorough
@given(mostly_plausible)
def test_no_reason_repeats_what_is_personal(start):
    for outcome in play(start).values():
        if isinstance(outcome, Rejected):
            assert len(outcome.reason) < 1_000
            assert not any(text in outcome.reason for text in (*SECRETS, "zz-secret"))
