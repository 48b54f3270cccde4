"""The checker on records made by hand: nothing is found where all is well, and each harm is."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.cluster.checker import FAULTS, Verdict, judge
from tests.chaos.cluster.databases import of_projection, of_step
from tests.chaos.cluster.ledger import START_TOPIC, STEPS, C, F, K, Ledger, P, R, Record
from tests.chaos.cluster.rules import Effects

TYPE = "com.hexabuilders.onboarding."
NUMBER_OF = dict(
    zip(STEPS[1:], ("contract", "package", "campaign_account", "workspace"), strict=True)
)
OUTER = STEPS[2:]
Lines = Sequence[tuple[str, str]]  # step, what


def said(sayer: str, event: str, saga: str = "s-1", id_: str = "", **body: Any) -> Record:
    about = str(body.get("step", body.get("failed_step", "")))
    headers = {"ce_type": f"{TYPE}{event}.v1", "ce_id": id_ or f"{saga}-{sayer}-{event}-{about}",
               "ce_source": f"/services/{sayer}", "ce_sagaid": saga,
               "ce_correlationid": f"of-{saga}"}  # fmt: skip
    told = tuple((name, text.encode()) for name, text in headers.items())
    return Record((f"onboarding.{event}", 0, 0), b"p-" + saga.encode(), _json(body), told)


def yes(*steps: str, saga: str = "s-1") -> list[Record]:
    made = []
    for step in steps:
        number = {NUMBER_OF[step]: {"number": f"{step}-{saga}"}} if step in NUMBER_OF else {}
        made.append(said(step, P[STEPS.index(step)], saga, **number))
    return made


def failed(step: str, code: str = "NO", sayer: str = "", saga: str = "s-1") -> list[Record]:
    about = {"failed_step": step, "code": code}
    return [said(sayer or step, event, saga, **about) for event in (R, F)]


def undone(*steps: str, saga: str = "s-1", outcome: str = "undone") -> list[Record]:
    return [said(step, K, saga, step=step, outcome=outcome) for step in steps]


def poison(offset: int = 7) -> Record:
    return Record((START_TOPIC, 0, offset), b"poison-1", b"{", ())


def letter(service: str, offset: int = 7) -> Record:
    told = {"dlq_topic": START_TOPIC, "dlq_partition": "0", "dlq_offset": str(offset),
            "dlq_error_class": "INVALID_JSON"}  # fmt: skip
    headers = tuple((name, text.encode()) for name, text in told.items())
    return Record((f"onboarding.{service}.dlq", 0, 0), b"poison-1", b"{", headers)


def another(one: Record, id_: str) -> Record:
    return replace(one, headers=tuple({**dict(one.headers), "ce_id": id_.encode()}.items()))


def ledger_of(records: Sequence[Record]) -> Ledger:
    ledger = Ledger()
    for one in records:
        ledger.take(one)
    return ledger


def verdict_of(
    records: Sequence[Record], lines: Lines = (), meant: str = "COMPLETED", **more: str
) -> Verdict:
    """`more` are other accepted starts, and how they are to end."""
    ledger, effects = ledger_of(records), Effects()
    for step, what in lines:
        effects.take({"saga": "s-1", "step": step, "what": what})
    ends = {"of-s-1": meant, **{name.replace("_", "-"): end for name, end in more.items()}}
    accepted = {
        name: {"kind": "poison" if "poison" in name else "good", "meant": end}
        for name, end in ends.items()
    }
    return judge(ledger, effects, accepted)


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()


COMPLETED = [*yes(*STEPS), said("recruitment", C)]
ONCE = [(step, "created") for step in OUTER]
COMPENSATED = [*yes("registration", "contract", "documents"), *failed("campaigns"),
               *undone("documents", "contract", "registration")]  # fmt: skip
TAKEN_BACK = [("documents", "created"), ("campaigns", "refused"), ("documents", "removed")]
SET_ASIDE = [poison(), letter("registration"), letter("saga-state")]
TOO_LATE = [*COMPENSATED[:3], *failed("campaigns", "TIMEOUT", "documents"), *COMPENSATED[5:]]


@pytest.mark.parametrize(
    ("records", "lines", "meant"),
    [
        (COMPLETED, ONCE, "COMPLETED"),
        ([*COMPLETED, *COMPLETED], [*ONCE, ("campaigns", "repeated")], "COMPLETED"),
        (COMPENSATED, TAKEN_BACK, "COMPENSATED"),
        (COMPENSATED, [*TAKEN_BACK, ("recruitment", "blocked"), ("recruitment", "refused")],
         "COMPENSATED"),
        ([*COMPLETED, *undone(*reversed(STEPS))],
         [*ONCE, *((step, "removed") for step in OUTER)], "COMPENSATED"),
        (failed("registration")[1:], [], "FAILED"),
    ],
)  # fmt: skip
def test_nothing_is_found_where_all_is_well(records: list[Record], lines: Lines, meant: str):
    assert verdict_of([*records, *SET_ASIDE], lines, meant, poison_1="DEAD LETTER").faults == {}


def test_a_saga_is_known_by_the_correlation_id_that_its_first_step_says():
    strange = tuple({**dict(COMPENSATED[4].headers), "ce_correlationid": b"s-1"}.items())
    others = [*COMPENSATED[:4], *COMPENSATED[5:]]
    assert (
        verdict_of(
            [*others, replace(COMPENSATED[4], headers=strange)], TAKEN_BACK, "COMPENSATED"
        ).faults
        == {}
    )


def test_what_came_twice_is_counted():
    counted = verdict_of([*COMPLETED, *COMPLETED[:2]], ONCE).counted
    assert counted["duplicates"] == 2
    assert counted["records"] == len(COMPLETED) + 2
    assert (counted["accepted"], counted["ended COMPLETED"]) == (1, 1)


HARM: list[tuple[str, list[Record], Lines, str]] = [
    ("lost", COMPLETED[:-2], ONCE, "COMPLETED"),
    ("lost", [], [], "COMPLETED"),
    ("lost", COMPENSATED[:-1], TAKEN_BACK, "COMPENSATED"),
    ("lost", [*COMPENSATED, *yes("campaigns")], TAKEN_BACK, "COMPENSATED"),
    ("lost", failed("registration", "TIMEOUT")[1:], [], "FAILED"),
    ("lost", [*yes("registration", "contract"), *failed("documents", "TIMEOUT"),
              *undone("contract", "registration")], [], "COMPENSATED"),
    ("double effects", COMPLETED, [*ONCE, ("campaigns", "created")], "COMPLETED"),
    ("double effects", [*COMPLETED, said("contract", P[1], contract={"number": "other"})], ONCE,
     "COMPLETED"),
    ("double effects", [*COMPLETED, replace(COMPLETED[3], key=b"another partner")], ONCE,
     "COMPLETED"),
    ("effects left", COMPENSATED, TAKEN_BACK[:-1], "COMPENSATED"),
    ("effects left", failed("registration")[1:], [("documents", "created")], "FAILED"),
    ("effects missing", COMPLETED, [*ONCE, ("documents", "removed")], "COMPLETED"),
    ("done after undo", COMPENSATED,
     [*TAKEN_BACK, ("recruitment", "blocked"), ("recruitment", "created")], "COMPENSATED"),
    ("said and never done", COMPLETED, ONCE[1:], "COMPLETED"),
    ("two ids", [*COMPLETED, another(COMPLETED[2], "x")], ONCE, "COMPLETED"),
    ("two ids", [*COMPENSATED, another(COMPENSATED[-1], "x")], TAKEN_BACK, "COMPENSATED"),
    ("two bodies", [*COMPLETED, replace(COMPLETED[2], value=b"{}")], ONCE, "COMPLETED"),
    ("two bodies", [*COMPLETED, replace(COMPLETED[2], headers=(*COMPLETED[2].headers, ("a", b"")))],
     ONCE, "COMPLETED"),
    ("undone out of order", [*COMPENSATED[:5], *undone("contract", "documents", "registration")],
     TAKEN_BACK, "COMPENSATED"),
    ("sagas nobody started", [*COMPLETED, *yes(*STEPS, saga="s-2")], ONCE, "COMPLETED"),
    ("two sagas of one start",
     [*COMPLETED, *(replace(one, headers=tuple({**dict(one.headers), "ce_correlationid": b"of-s-1"}
                                               .items())) for one in yes(*STEPS, saga="s-2"))],
     ONCE, "COMPLETED"),
    ("orphan dead letters", [*COMPLETED, letter("contract", 99)], ONCE, "COMPLETED"),
    ("poison without a dead letter", [*COMPLETED, *SET_ASIDE[:2]], ONCE, "COMPLETED"),
    ("poison without a dead letter", [*COMPLETED, poison(8), *SET_ASIDE], ONCE, "COMPLETED"),
    ("parked", [*COMPLETED, replace(said("documents", "StepParked"), place=("x.dlq", 0, 0))], ONCE,
     "COMPLETED"),
    ("ended otherwise than meant", TOO_LATE, TAKEN_BACK, "COMPLETED"),
    ("ended otherwise than meant", COMPLETED, ONCE, "COMPENSATED"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "records", "lines", "meant"), HARM)
def test_each_harm_is_found(kind: str, records: list[Record], lines: Lines, meant: str):
    verdict = verdict_of(records, lines, meant)
    assert verdict.counted[kind] > 0, verdict.faults
    assert verdict.faults[kind]
    assert verdict.faults.keys() <= set(FAULTS), "a kind without a goal"


def test_a_poison_that_was_accepted_and_is_in_no_topic_is_lost():
    assert verdict_of(COMPLETED, ONCE, poison_1="DEAD LETTER").counted["lost"] == 1


def test_after_a_timeout_a_step_may_be_undone_out_of_its_turn():
    undoes = undone("contract", "documents", "registration")
    verdict = verdict_of([*TOO_LATE[:5], *undoes], TAKEN_BACK, "COMPENSATED")
    assert verdict.faults == {}


def test_a_step_that_had_nothing_to_undo_may_say_so_at_any_time():
    late = undone("recruitment", outcome="nothing_to_undo")
    assert verdict_of([*COMPENSATED, *late], TAKEN_BACK, "COMPENSATED").faults == {}


def test_a_number_that_two_sagas_were_given_is_found():
    one, other = yes(*STEPS), yes(*STEPS, saga="s-2")
    other[1] = said("contract", P[1], "s-2", contract={"number": "contract-s-1"})
    assert verdict_of([*one, *other], ONCE, of_s_2="COMPLETED").counted["double effects"] == 1


def test_a_start_that_came_twice_with_two_bodies_is_found():
    first = replace(said("x", "PartnerOnboardingInitiated"), place=(START_TOPIC, 0, 0))
    assert verdict_of([*COMPLETED, first, first], ONCE).counted["two bodies"] == 0
    other = replace(first, value=b'{"partner_data": null}')
    assert verdict_of([*COMPLETED, first, other], ONCE).counted["two bodies"] == 1


@pytest.mark.parametrize(
    ("document", "kinds"),
    [
        ({"status": "COMPLETED"}, []),
        ({"status": "CAMPAIGNS_ENABLED"}, ["projection differs"]),
        ({"status": "COMPLETED", "partner_id": "p-2"}, ["projection differs"]),
        ({"status": "COMPLETED", "correlation_id": "x"}, ["projection differs"]),
        ({"status": "COMPLETED", "_id": "s-2"}, ["projection differs"]),
    ],
)
def test_a_projection_that_differs_is_found(document: dict[str, str], kinds: list[str]):
    usual = {"_id": "s-1", "partner_id": "p-s-1", "correlation_id": "of-s-1"}
    found = of_projection({**usual, **document}, ledger_of(COMPLETED))
    assert [kind for kind, _ in found] == kinds


@pytest.mark.parametrize(
    ("state", "records", "kinds"),
    [
        ("done", COMPLETED, []),
        ("undone", COMPENSATED, []),
        ("pending", COMPENSATED, ["documents left"]),
        ("done", COMPENSATED, ["effects left"]),
        ("undone", COMPLETED, ["effects missing"]),
        ("undo_parked", COMPLETED, ["documents left", "effects missing"]),
        ("done", [], ["effects left"]),
    ],
)
def test_a_document_that_is_not_as_its_saga_ended_is_found(
    state: str, records: list[Record], kinds: list[str]
):
    found = of_step("contract", {"_id": "s-1", "state": state}, ledger_of(records))
    assert [kind for kind, _ in found] == kinds
