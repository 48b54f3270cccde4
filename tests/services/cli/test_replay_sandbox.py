"""A rehearsal finds what a change of the code or the rules does to recorded sagas, and no more."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sandbox_given import GOOD_THEN, OUTER, STRICTER, Archive, archive, settings

from contracts.envelope import Record
from services.cli.replay.outcomes import Change
from services.cli.replay.rehearsal import rehearse
from services.cli.replay.sandbox import recorded_in, try_all
from services.cli.replay.sandbox_telling import Tried, document_row, row_of
from services.cli.step_rules import rules_of
from services.runtime.memory import MemoryOutside
from services.runtime.settings import Settings
from services.steps import all_steps

__all__ = ["archive"]


async def tried_all(sagas: Mapping[str, Sequence[Record]], known: Settings) -> Tried:
    return await try_all(sagas, known, known.reader())


async def changes_in(archive: Archive, **rules: Any) -> dict[str, list[str]]:
    """Of each saga that comes out differently what the business sees first."""
    tried = await tried_all(archive.records(), settings(**rules))
    return {
        one.context.saga_id: [c.line for c in one.changes if c.kind == "business"]
        for one in tried.differing
    }


@pytest.mark.slow
async def test_of_a_thousand_sagas_exactly_those_that_a_stricter_rule_concerns_are_listed(archive):
    countries = ("BR", "ES", None, "KP", "PE", "US", "CO")
    affected = set()
    for number in range(1_000):
        country = countries[number % len(countries)]
        saga_id = await archive.start(**({"pais": country} if country else {}))
        if country == "BR":
            affected.add(saga_id)
    await archive.world.run()
    found = await changes_in(archive, registration_rules=STRICTER)
    assert found.keys() == affected
    assert len(affected) == 143
    assert {tuple(lines) for lines in found.values()} == {
        ("registration: yes -> no PARTNER_NOT_ALLOWED", "status: COMPLETED -> FAILED")
    }


async def test_under_the_rules_of_then_nothing_comes_out_differently(archive):
    for changes in ({}, {"pais": "KP"}, {"email": "no"}, {"tipo_partner": "INDIVIDUAL"}):
        await archive.start(**changes)
    await archive.world.run()
    tried = await tried_all(archive.records(), settings())
    assert (tried.played, tried.differing, tried.not_played) == (4, [], [])


async def test_what_depends_on_the_date_is_decided_by_the_date_of_then(archive):
    await archive.start(documents=[GOOD_THEN])
    await archive.world.run()
    assert await changes_in(archive) == {}
    archive.clock.now += timedelta(days=2)
    late = await archive.start(documents=[GOOD_THEN])
    await archive.world.run()
    assert await changes_in(archive) == {}
    (saga,) = recorded_in({late: archive.records()[late]}, settings().reader())
    assert saga.refusal_of("documents")[0] == "DOCUMENT_EXPIRED"


async def test_other_terms_are_found_once_and_not_again_in_each_event_that_hands_them_on(archive):
    saga_id = await archive.start()
    await archive.world.run()
    offers = settings().rules_of("contract", all_steps()[1].rules).model_dump(mode="json")["offers"]
    offers["PREMIUM"]["terms"]["monthly_budget"] = "40000.00"
    found = await changes_in(archive, contract_rules={"offers": offers})
    assert found == {
        saga_id: [
            "contract.monthly_budget: 50000.00 -> 40000.00",
            "campaign_account.monthly_budget: 50000.00 -> 40000.00",
        ]
    }


async def test_an_outside_system_gives_the_answer_that_it_gave():
    platform = MemoryOutside()
    archive = Archive(documents=platform, campaigns=MemoryOutside())
    _yes, no, silent = [await archive.start() for _ in range(3)]
    step = next(one for one in all_steps() if one.name == "documents")
    platform.replies[no] = [step.outside_no]
    platform.replies[silent] = ["lost"]
    await archive.world.run()
    archive.clock.now += timedelta(seconds=31)
    await archive.world.sweep()
    await archive.world.run()
    before = list(platform.effects)
    statuses = {one.saga_id: one for one in recorded_in(archive.records(), settings().reader())}
    assert statuses[no].refusal_of("documents") == (step.outside_no.code, step.outside_no.reason)
    assert statuses[silent].ran_out_of_time_at("documents")
    assert await changes_in(archive) == {}
    assert platform.effects == before


async def test_a_step_that_was_dead_is_not_blamed_on_the_code(archive):
    archive.world.workers["documents"].is_up = False
    await archive.start()
    await archive.world.run()
    archive.clock.now += timedelta(seconds=36)
    await archive.world.sweep()
    await archive.world.run()
    (saga,) = recorded_in(archive.records(), settings().reader())
    assert saga.gave_up_at("contract") is not None
    assert await changes_in(archive) == {}


async def test_a_partner_that_another_saga_had_registered_is_a_duplicate_again(archive):
    await archive.start(email="same@mail.example")
    second = await archive.start(email="same@mail.example")
    await archive.world.run()
    alone = {second: archive.records()[second]}
    (saga,) = recorded_in(alone, settings().reader())
    assert saga.refusal_of("registration")[0] == "DUPLICATE_PARTNER"
    tried = await tried_all(alone, settings())
    assert tried.differing == []


async def test_a_saga_that_has_not_ended_is_played_as_far_as_it_is_recorded(archive):
    saga_id = await archive.start()
    await archive.world.run()
    some = [one for one in archive.records()[saga_id] if "campaigns" not in one.topic
            and "recruitment" not in one.topic and "onboarding-completed" not in one.topic]  # fmt: skip
    tried = await tried_all({saga_id: some}, settings())
    assert (tried.played, tried.differing) == (1, [])
    tried = await tried_all(
        {saga_id: some}, settings(registration_rules={"denied_countries": ["ES"]})
    )
    assert tried.differing == []


async def test_a_saga_whose_start_is_gone_is_not_played_and_named(archive):
    saga_id = await archive.start()
    await archive.world.run()
    some = [one for one in archive.records()[saga_id] if "initiated" not in one.topic]
    tried = await tried_all({saga_id: some}, settings())
    assert (tried.played, tried.not_played) == (0, [saga_id])


async def test_where_nobody_was_asked_then_a_yes_is_taken_and_said_so(archive):
    """Its own rules said no; under those of today the outside system would be asked."""
    saga_id = await archive.start(campaign_permissions="VIDEO")
    await archive.world.run()
    offers = settings().rules_of("contract", all_steps()[1].rules).model_dump(mode="json")["offers"]
    offers["PREMIUM"]["channels"].append("VIDEO")
    tried = await tried_all(archive.records(), settings(contract_rules={"offers": offers}))
    (one,) = tried.differing
    assert (one.context.saga_id, one.recorded, one.now) == (saga_id, "COMPENSATED", "COMPLETED")
    assert tried.assumed == {"campaigns": 1, "recruitment": 1}


async def test_a_bug_of_today_is_found(archive):
    saga_id = await archive.start()
    await archive.world.run()
    (saga,) = recorded_in(archive.records(), settings().reader())
    steps = [replace(s, handler=_raises) if s.name == "contract" else s for s in all_steps()]
    played = await rehearse(saga, steps, rules_of(settings()))
    assert played.documents["contract"].state == "parked"
    assert [event.name for event in played.events if event.name == "StepParked"]
    assert saga_id == saga.saga_id


@pytest.mark.parametrize(
    ("until", "states"),
    [
        ("PartnerOnboardingInitiated", {}),
        ("ContractCreated", {"registration": "done", "contract": "done"}),
        ("PartnerOnboardingCompleted", dict.fromkeys(("registration", "contract", *OUTER), "done")),
    ],
)
async def test_until_an_event_the_step_documents_are_those_of_that_moment(archive, until, states):
    await archive.start()
    await archive.world.run()
    (saga,) = recorded_in(archive.records(), settings().reader())
    for text in (until, next(one.event_id for one in saga.events if one.name == until)):
        played = await rehearse(saga, all_steps(), rules_of(settings()), text)
        assert {name: one.state for name, one in played.documents.items()} == states


async def test_what_steps_keep_is_masked_unless_it_is_to_be_revealed(archive):
    await archive.start()
    await archive.world.run()
    (saga,) = recorded_in(archive.records(), settings().reader())
    played = await rehearse(saga, all_steps(), rules_of(settings()))
    document = played.documents["registration"]
    assert "ana0@mail.example" not in str(document_row("registration", document, reveal=False))
    assert "ana0@mail.example" in str(document_row("registration", document, reveal=True))
    assert document_row("registration", document, reveal=False)["keeps"]["kind"] == "EMPRESA"


async def test_nothing_personal_is_in_a_row(archive):
    await archive.start(campaign_permissions="ask Ana Maria")
    await archive.world.run()
    tried = await tried_all(archive.records(), settings(registration_rules=STRICTER))
    assert tried.differing == []
    told = row_of(await _with_other_wishes(archive))
    assert "Ana Maria" not in str(told)
    assert any(one["what"] == "wishes.campaign_permissions" for one in told["changes"])


async def _with_other_wishes(archive: Archive):
    """As if registration handed on something else than was asked for."""
    from services.cli.replay.sandbox import compared

    (saga,) = recorded_in(archive.records(), settings().reader())
    first = all_steps()[0]

    def forgetful(start: Any, effects: Any) -> Any:
        data = {**start["partner_data"], "campaign_permissions": "ask Eva Maria"}
        return first.handler({"partner_data": data}, effects)

    steps = [replace(first, handler=forgetful), *all_steps()[1:]]
    return compared(saga, await rehearse(saga, steps, rules_of(settings())))


def _raises(*_: Any) -> Any:
    raise KeyError("a bug")


def test_a_change_reads_as_a_line():
    assert Change("status", "COMPLETED", "FAILED").line == "status: COMPLETED -> FAILED"
