"""The verdict over a saga at its end: what each kind of harm looks like, and that it is found."""

import json
from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.at_the_end import OUTER, end_of, faults_of, shared_numbers
from tests.chaos.verdict import NUMBERS
from tests.integration import outside
from tests.integration.outside import Seen

P = dict(zip(outside.STEPS, ("PartnerRegistrationCompleted", "ContractCreated", "DocumentsVerified",
                             "CampaignsEnabled", "RecruitmentSetupCompleted"), strict=True))  # fmt: skip
F, R, K = "PartnerOnboardingFailed", "CompensationRequested", "CompensationCompleted"
KINDS = dict(zip(outside.STEPS[1:], NUMBERS.items(), strict=True))


def said_by(step: str, name: str, /, number: str = "1", **body: Any) -> Seen:
    about = body.get("step", body.get("failed_step", ""))
    headers = {"ce_id": f"{step}-{name}-{about}", "ce_source": f"/services/{step}",
               "ce_subject": "p-1", "ce_type": f"com.hexabuilders.onboarding.{name}.v1"}  # fmt: skip
    if name == P[step]:
        kind, prefix = KINDS.get(step, ("", ""))
        body = {"partner": {"partner_id": "p-1"}} | (
            {kind: {"number": prefix + number}} if kind else {}
        )
    told = tuple((key, text.encode()) for key, text in headers.items())
    return Seen(f"onboarding.{name}", 0, 0, b"p-1", json.dumps(body).encode(), told)


def yes(*steps: str) -> list[Seen]:
    return [said_by(step, P[step]) for step in steps]


def failed(step: str, code: str = "NO") -> list[Seen]:
    about = {"failed_step": step, "code": code}
    return [said_by(step, R, **about), said_by(step, F, **about)]


def undone(*steps: str) -> list[Seen]:
    return [said_by(step, K, step=step, outcome="undone") for step in steps]


def lines(*what: str, steps: tuple[str, ...] = OUTER) -> list[dict[str, str]]:
    return [{"step": step, "what": one} for one in what for step in steps]


def by_type(records: list[Seen]) -> dict[str, list[Seen]]:
    said: dict[str, list[Seen]] = defaultdict(list)
    for one in records:
        said[one.type].append(one)
    return said


COMPLETED = yes(*outside.STEPS)
COMPENSATED = [*yes("registration", "contract", "documents"), *failed("campaigns"),
               *undone("documents", "contract", "registration")]  # fmt: skip
REFUSED = [
    *lines("created", "removed", steps=("documents",)),
    *lines("refused", steps=("campaigns",)),
]
ONCE = lines("created")


@pytest.mark.parametrize(
    ("records", "end"),
    [
        (COMPLETED, "COMPLETED"),
        (COMPLETED[:-1], None),
        (failed("registration")[1:], "FAILED"),
        (COMPENSATED, "COMPENSATED"),
        (COMPENSATED[:-1], None),
        ([*COMPENSATED, *yes("campaigns")], None),
        ([*COMPENSATED[:3], *failed("campaigns", "TIMEOUT"), *COMPENSATED[5:]], None),
        ([*COMPLETED, *failed("registration")[:1]], None),
        ([*COMPLETED, *undone(*reversed(outside.STEPS))], "COMPENSATED"),
    ],
)
def test_the_end_of_a_saga_is_told_from_what_was_said(records: list[Seen], end: str | None):
    assert end_of(by_type(records)) == end


@pytest.mark.parametrize(
    ("records", "effects"),
    [
        (COMPLETED, ONCE),
        (COMPLETED, [*ONCE, *lines("repeated")]),
        ([*COMPLETED, *COMPLETED], ONCE),
        (COMPENSATED, REFUSED),
        (COMPENSATED, [*REFUSED, *lines("blocked", "refused", steps=("recruitment",))]),
        (failed("registration")[1:], []),
    ],
)
def test_nothing_is_wrong_with_one_effect_each_and_none_left(
    records: list[Seen], effects: list[dict[str, str]]
):
    assert faults_of(by_type(records), effects) == []


def another(one: Seen, **headers: str) -> Seen:
    told = {**dict(one.headers), **{name: text.encode() for name, text in headers.items()}}
    return replace(one, headers=tuple(told.items()))


@pytest.mark.parametrize(
    ("records", "effects", "fault"),
    [
        (COMPLETED[:-1], ONCE, "has not ended"),
        (COMPLETED, [*ONCE, *lines("created", steps=("campaigns",))], "campaigns: 2 effects"),
        (COMPLETED, ONCE[1:], "documents: said and never done"),
        (COMPLETED, [*ONCE, *lines("removed", steps=("documents",))], "documents: not in force"),
        (COMPENSATED, REFUSED[:1], "documents: in force though COMPENSATED"),
        (COMPENSATED, [*REFUSED, *lines("blocked", "created", steps=("recruitment",))],
         "recruitment: done after its undo"),
        ([*COMPLETED, another(COMPLETED[3], ce_id="x")], ONCE, "CampaignsEnabled /services/campaigns"),
        ([*COMPLETED, another(COMPLETED[3], ce_time="x")], ONCE, "id campaigns-CampaignsEnabled-: 2"),
        ([*COMPLETED, replace(COMPLETED[3], key=b"p-2")], ONCE, "partners ['p-1', 'p-2']"),
        ([*COMPLETED, said_by("contract", P["contract"], number="2")], ONCE, "contract: numbers"),
    ],
)  # fmt: skip
def test_each_harm_is_found(records: list[Seen], effects: list[dict[str, str]], fault: str):
    assert [one for one in faults_of(by_type(records), effects) if one.startswith(fault)]


def test_a_number_that_two_sagas_were_given_is_found():
    assert shared_numbers([by_type(COMPLETED)]) == []
    assert shared_numbers([by_type(COMPLETED), by_type(COMPLETED)])[0] == "CT-1"
