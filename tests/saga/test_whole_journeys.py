"""Whole journeys in the in-memory world: real handlers, real delivery, real projection."""

import json

import pytest
from saga_played import CREATION, ONBOARDING, START, played, rest, saga_of, start
from saga_told import by_saga, dead_letters, events, projected, said, undone

from contracts.journey import JOURNEYS
from contracts.reading import Reader
from contracts.schema_files import wrong_in
from services.steps import all_steps

R, F, C = "CompensationRequested", "PartnerOnboardingFailed", "PartnerOnboardingCompleted"
K = "CompensationCompleted"
TERMS = {
    "commission": "0.07",
    "liability_limit": "5000",
    "payment_days": 20,
    "months": 61,
    "monthly_budget": 100,
    "seats": 2,
}
EXPIRED = [{"type": "IDENTITY", "number": "D-1", "expires_on": "2020-01-01"}]
NUMBERLESS = [{"type": "IDENTITY", "number": ""}]
REFUSALS = {
    "INVALID_PARTNER_DATA": ("registration", {"email": "nobody"}),
    "PARTNER_NOT_ALLOWED": ("registration", {"pais": "KP"}),
    "CONTRACT_TYPE_NOT_ALLOWED": ("contract", {"tipo_partner": "INDIVIDUAL"}),
    "TERMS_MISSING": ("contract", {"preferred_contract_type": "CUSTOM"}),
    "TERMS_INVALID": ("contract", {"preferred_contract_type": "CUSTOM", "contract_terms": TERMS}),
    "DOCUMENT_EXPIRED": ("documents", {"documents": EXPIRED}),
    "DOCUMENT_REJECTED": ("documents", {"documents": NUMBERLESS}),
    "CHANNEL_NOT_ALLOWED": ("campaigns", {"campaign_permissions": "VIDEO"}),
    "CAMPAIGN_LIMIT_EXCEEDED": ("campaigns", {"campaign_permissions": {"monthly_budget": 50_001}}),
    "SEATS_EXCEEDED": ("recruitment", {"recruitment_preferences": {"seats": 11}}),
    "NOT_AVAILABLE_IN_COUNTRY": ("recruitment", {"pais": "AQ"}),
}
NOES = [(ONBOARDING, code) for code in REFUSALS]
NOES += [
    (CREATION, code) for code, (step, _) in REFUSALS.items() if step in ("registration", "contract")
]
HARD = [
    "$secret",
    "$$NOW",
    "{{x}}",
    "a.b",
    "🎉 ñ 漢字",
    "x" * 10_000,
    "<b>&amp;</b>",
    "\u202e",
    "'; --",
    "null",
]


@pytest.mark.parametrize("journey", [ONBOARDING, CREATION])
async def test_i1_a_journey_completes_step_by_step(journey):
    world = await played(start("a", journey))
    table = JOURNEYS[journey, 1]
    assert said(world, saga_of("a", journey)) == [
        *(row.says for row in table.steps[:-1]),
        C,
        table.last.says,
    ]
    (saga,) = projected(world).values()
    assert saga["status"] == "COMPLETED"
    assert [(step["step"], step["state"]) for step in saga["steps"]] == [
        (name, "done") for name in table.step_names
    ]
    assert saga["current_step"] is None


async def test_i1_a_hundred_starts_all_end():
    names = [f"partner-{number}" for number in range(100)]
    world = await played(*(start(name, (ONBOARDING, CREATION)[len(name) % 2]) for name in names))
    sagas = projected(world)
    assert len(sagas) == 100
    assert {saga["status"] for saga in sagas.values()} == {"COMPLETED"}
    assert dead_letters(world) == {}


@pytest.mark.parametrize(("journey", "code"), NOES)
async def test_each_no_ends_with_the_failure_of_its_step_and_undoes_in_reverse(journey, code):
    step, changes = REFUSALS[code]
    world = await played(start("a", journey, **changes))
    await rest(world)
    saga_id, table = saga_of("a", journey), JOURNEYS[journey, 1]
    before = table.step_names.index(step)
    failure = [R, F, K] if before else [F]
    assert said(world, saga_id) == [*(row.says for row in table.steps[:before]), *failure]
    assert list(undone(world, saga_id).items()) == [
        (name, "undone") for name in reversed(table.step_names[:before])
    ]
    (saga,) = projected(world).values()
    assert (saga["failure"]["step"], saga["failure"]["code"]) == (step, code)
    assert saga["status"] == ("COMPENSATED" if before else "FAILED")
    states = [one["state"] for one in saga["steps"]]
    assert states == [*["undone"] * before, "rejected", *["waiting"] * (len(states) - before - 1)]


async def test_the_second_partner_of_an_email_is_refused_and_the_first_completes():
    world = await played(start("a", email="same@b.example"), start("b", email="Same@b.example"))
    statuses = {saga["status"]: saga["failure"] for saga in projected(world).values()}
    assert set(statuses) == {"COMPLETED", "FAILED"}
    assert statuses["FAILED"]["code"] == "DUPLICATE_PARTNER"


def test_every_code_that_a_step_can_say_is_played_here():
    """All codes of docs/rules.md; DOCUMENT_MISSING waits for a registry that can say so."""
    codes = {*REFUSALS, "DUPLICATE_PARTNER"}
    assert {no.code for step in all_steps() for no in step.taken.values()} <= codes
    assert len(codes) == 12


@pytest.mark.parametrize("text", HARD, ids=lambda text: ascii(text[:8]))
async def test_names_that_look_like_something_else_complete(text):
    world = await played(
        start(
            "a",
            nombre=text,
            direccion=text,
            ciudad=text,
            campaign_permissions=text,
            recruitment_preferences=text,
        )
    )
    (saga,) = projected(world).values()
    assert saga["status"] == "COMPLETED"
    registered = world.workers["registration"].delivery.store.documents[saga_of("a")]
    assert registered.result["name"] == text.strip()
    campaigns = world.workers["campaigns"].delivery.store.documents[saga_of("a")]
    assert campaigns.result["note"] == text


async def test_a_start_that_is_no_partner_at_all_fails_and_is_no_poison():
    odd = [start("a", nombre=5), start("b", email=...), start("c", tipo_partner=["x"])]
    world = await played(*odd)
    assert {saga["failure"]["code"] for saga in projected(world).values()} == {
        "INVALID_PARTNER_DATA"
    }
    assert dead_letters(world) == {}


async def test_all_that_is_said_fits_its_published_schema():
    starts = [start(code.lower(), **changes) for code, (_, changes) in REFUSALS.items()]
    world = await played(start("yes"), start("alliance", CREATION), *starts)
    for event in events(world):
        if event.name != START:
            assert wrong_in(event.name, event.version, json.loads(event.record.value)) == []


async def test_every_event_of_a_saga_names_what_caused_it():
    world = await played(start("a"), start("b", pais="AQ"))
    for heard in by_saga(events(world)).values():
        known = {event.event_id for event in heard}
        caused = [event for event in heard if event.name != START]
        assert all(event.causation_id in known for event in caused)
        assert {event.context for event in heard} == {heard[0].context}


async def test_a_start_of_the_full_size_gets_through_every_step():
    """Each step says a little more than it heard: its hearer must not take that for too large."""
    small = start("a", campaign_permissions="", recruitment_preferences="")
    room = Reader().body_max_bytes - len(small.value or b"")
    full = start("a", campaign_permissions="x" * room, recruitment_preferences="")
    assert len(full.value or b"") == Reader().body_max_bytes
    world = await played(full)
    assert dead_letters(world) == {}
    assert [saga["status"] for saga in projected(world).values()] == ["COMPLETED"]
