"""Step documents that were lost are told by the topics as they were, or not at all."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from sandbox_given import GOOD_THEN, OUTER, Archive, archive, settings

from services.cli.errors import CliError
from services.cli.progress import Bar
from services.cli.replay.recorded_answers import store_of
from services.cli.replay.restore import refuse_unnamed_outside
from services.cli.replay.restore_documents import Told, newer, told_of
from services.cli.replay.sandbox import recorded_in
from services.cli.replay.sources import own_reader
from services.runtime.document import Document
from services.runtime.memory import MemoryOutside
from services.steps import all_steps

__all__ = ["archive"]
ENDS: Mapping[str, Mapping[str, Any]] = {
    "completed": {},
    "failed": {"pais": "KP"},
    "undone": {"tipo_partner": "INDIVIDUAL"},
    "undone late": {"documents": [{**GOOD_THEN, "expires_on": "2001-01-01"}]},
}


async def told(archive: Archive, **changes: Any) -> Told:
    known = settings(**changes)
    sagas = [*recorded_in(archive.records(), own_reader(known))]
    with Bar() as bar:
        return await told_of(sagas, all_steps(), known, bar)


def kept(archive: Archive) -> dict[tuple[str, str], Document]:
    return {
        (name, saga_id): document
        for name, worker in archive.world.workers.items()
        for saga_id, document in store_of(worker).documents.items()
    }


def comparable(document: Document) -> Document:
    """But for what the store counts, and watches that ended."""
    return replace(document, revision=0, sent=0, watch_at=None, lease=None, try_at=None)


@pytest.mark.parametrize("outer", [(), OUTER])
@pytest.mark.parametrize("end", ENDS)
async def test_every_document_of_a_saga_is_told_as_it_was(end, outer):
    archive = Archive(**{name: MemoryOutside() for name in outer})
    await archive.start(**ENDS[end])
    await archive.world.run()
    urls = {f"{name}_url": "http://127.0.0.1:1" for name in outer}
    before, found = kept(archive), await told(archive, **urls)
    spoke = {place: one for place, one in before.items() if one.said}
    after = {
        (name, one.context.saga_id): one for name, some in found.documents.items() for one in some
    }
    assert after.keys() == spoke.keys()
    for place, document in spoke.items():
        assert comparable(after[place]) == comparable(document), place
    assert not found.untold


async def test_what_a_step_had_not_said_is_not_told_so_that_it_does_it(archive):
    saga_id = await archive.start()
    await archive.world.run()
    lost = {"onboarding.campaigns-enabled", "onboarding.recruitment-setup-completed",
            "onboarding.partner-onboarding-completed"}  # fmt: skip
    for topic in lost:
        archive.world.log.topics[topic] = [[] for _ in archive.world.log.topics[topic]]
    found = await told(archive)
    assert {name for name, some in found.documents.items() if some} == {
        "registration", "contract", "documents",
    }  # fmt: skip
    assert [one.context.saga_id for one in found.documents["documents"]] == [saga_id]


async def test_of_a_saga_whose_start_has_left_the_topics_nothing_is_told_and_that_is_counted(
    archive,
):
    await archive.start()
    await archive.world.run()
    starts = archive.world.log.topics["onboarding.partner-onboarding-initiated"]
    starts[:] = [[] for _ in starts]
    found = await told(archive)
    assert not any(found.documents.values())
    assert found.untold == dict.fromkeys(archive.world.workers, 1)


async def test_a_document_takes_the_place_of_one_that_has_said_less_and_of_no_other(archive):
    saga_id = await archive.start(tipo_partner="INDIVIDUAL")
    await archive.world.run()
    (undone,) = (await told(archive)).documents["registration"]
    assert (undone.state, undone.said) == ("undone", 2)
    before = replace(undone, state="done", said=1, outbox=(), holds={"email": "a"}, revision=7)
    assert [one.revision for one in newer([undone], {})] == [0]
    assert [one.revision for one in newer([undone], {saga_id: before})] == [7]
    assert [*newer([before], {saga_id: undone})] == []
    assert [*newer([undone], {saga_id: undone})] == []


async def test_what_gives_an_address_free_comes_before_what_holds_it(archive):
    await archive.start()
    await archive.world.run()
    (held,) = (await told(archive)).documents["registration"]
    free = replace(held, holds={}, context=replace(held.context, saga_id="another"))
    assert [bool(one.holds) for one in newer([held, free], {})] == [False, True]


async def test_topics_of_a_system_with_a_prefix_stay_those_of_that_system(archive):
    await archive.start()
    await archive.world.run()
    (one,) = (await told(archive, prefix="acme-")).documents["contract"]
    assert [message.topic for message in one.outbox] == ["onboarding.contract-created"]
    assert all(message.topic.startswith("acme-") for message in one.plan)


def test_it_is_refused_where_nobody_says_where_the_outside_systems_are():
    with pytest.raises(CliError, match=r"CAMPAIGNS_URL.*--without-outside") as refused:
        refuse_unnamed_outside(settings(documents_url="http://a:1", recruitment_url="http://a:1"))
    assert refused.value.exit_code == 2
    assert "DOCUMENTS" not in str(refused.value)
    refuse_unnamed_outside(settings(**{f"{name}_url": "http://a:1" for name in OUTER}))
