"""The dead letter topics as pages read them: the fake of the tests reads as the real thing does."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from gateway_given import MemoryLetters

from contracts.envelope import Context, Headers, Message, Record, binary, source_of
from contracts.operator import StepParked
from contracts.poison import PoisonError
from contracts.reading import Reader
from services.gateway import letter_box
from services.gateway.letter_box import KafkaLetters, LetterBox, latest
from services.gateway.problems import Unavailable
from services.letters.letter import Letter, letters_in
from services.runtime.dead_letters import dead_letter
from services.runtime.kafka import KafkaLog
from services.runtime.memory import MemoryLog
from services.runtime.ports import Log
from services.runtime.settings import Settings, load_settings
from services.runtime.topics import create_topics
from services.runtime.vitals import Vitals
from tests.conftest import RealServers
from tests.integration.polling import until

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


class Given:
    """A box, and the log that its letters are sent to. `prefix`: of the topics."""

    def __init__(self, box: LetterBox, log: Log, settings: Settings) -> None:
        self.box, self._log, self.settings = box, log, settings
        self._prefix = settings.prefix

    async def add(self, *values: bytes, service: str = "contract", headers: Headers = ()) -> None:
        """Dead letters of records with these values."""
        await self._log.publish([self._letter(value, service, headers) for value in values])

    async def park(self) -> None:
        data = StepParked(step="contract", state="parked", where="ValueError at x.py:1", attempts=1)
        context = Context("saga-1", "default", "p-1", "corr-1", "partner-onboarding", 1)
        topic, source = f"{self._prefix}onboarding.contract.dlq", source_of("contract")
        await self._log.publish([binary(topic, uuid4().hex, source, NOW, data, context)])

    async def letters(self) -> list[Letter]:
        return letters_in((await self.box.heads()).records, Reader(prefix=self._prefix))

    def _letter(self, value: bytes, service: str, headers: Headers) -> Message:
        topic = f"{self._prefix}onboarding.partner-registered"
        record = Record(topic, 0, int(uuid4().int % 1_000_000), b"k", value, headers, 0)
        return dead_letter(record, service, PoisonError("INVALID_JSON", "no JSON"), self._prefix)


@pytest.fixture
async def memory() -> Given:
    log = MemoryLog(lambda: NOW)
    return Given(MemoryLetters(log), log, load_settings(_env_file=None, prefix=""))


@pytest.fixture
async def real(real_servers: RealServers) -> AsyncIterator[Given]:
    settings = on_servers(real_servers)
    await create_topics(settings)
    kafka = KafkaLog(settings, Vitals())
    await kafka.start()
    yield Given(KafkaLetters(settings), kafka, settings)
    await kafka.stop()


@pytest.fixture(params=["memory", pytest.param("real", marks=pytest.mark.servers)])
def given(request: pytest.FixtureRequest) -> Given:
    box: Given = request.getfixturevalue(request.param)
    return box


def on_servers(servers: RealServers) -> Settings:
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("ONBOARDING_")]:
            patch.delenv(name)
        prefix = f"t{uuid4().hex[:10]}-"
        return load_settings(_env_file=None, kafka=servers.kafka, prefix=prefix)


async def test_no_value_is_read_until_a_letter_is_wanted_whole(given: Given):
    await given.add(b"one", b"two", b"three")
    await given.add(b"other", service="saga-state")
    letters = await some(given, 4)
    assert {one.record.value for one in letters} == {None}
    wanted = letters[1:]
    whole = await given.box.whole(wanted)
    assert [one.place for one in whole] == [one.place for one in wanted]
    values = {one.record.value for one in await given.box.whole(letters)}
    assert values == {b"one", b"two", b"three", b"other"}


async def test_of_what_a_producer_sent_only_that_is_kept_by_which_letters_are_told(given: Given):
    large = b"x" * 100_000
    came = (
        ("ce_type", b"x"), ("ce_sagaid", large), ("ce_tenantid", b"other"), ("CE_TenantId", b"acme"), ("phone", large),
        *((f"h{n}", large) for n in range(5)),
    )  # fmt: skip
    await given.add(b"one", headers=came)
    (letter,) = await some(given, 1)
    assert (letter.tenant_id, letter.row["saga_id"], letter.service) == ("acme", "***", "contract")
    kept = sum(len(name) + len(value or b"") for name, value in letter.record.headers)
    assert (letter.record.key, kept < 2_000) == (None, True)
    (whole,) = await given.box.whole([letter])
    assert (whole.record.key, whole.record.value, whole.headers) == (b"k", b"one", came)


async def test_a_parked_step_is_read_with_what_it_says(given: Given):
    await given.park()
    (letter,) = await given.letters()
    assert (letter.error_class, letter.error, letter.saga_id) == (
        "PARKED",
        "ValueError at x.py:1",
        "saga-1",
    )


async def test_where_nothing_stands_there_is_nothing(given: Given):
    assert await given.letters() == []


@pytest.mark.servers
async def test_of_more_than_a_page_can_bear_the_latest_are_read(real: Given):
    await real.add(*(b"%d" % one for one in range(20)))
    await some(real, 20)
    heads = await KafkaLetters(real.settings, most=1).heads()
    assert (1 <= len(heads.records) <= 4, heads.is_all) == (True, False)
    assert (await real.box.heads()).is_all


async def some(given: Given, count: int) -> list[Letter]:
    """So many letters, once the end of their log is told behind them."""

    async def all_of_them() -> list[Letter]:
        found = await given.letters()
        return found if len(found) == count else []

    return await until(f"{count} letters", all_of_them)


def record(partition: int, ms: int) -> Record:
    return Record("onboarding.contract.dlq", partition, ms, b"k", None, (), ms)


def test_where_a_mark_may_have_been_cut_off_its_letter_is_left_out_too():
    """The smallest order: a letter in partition 0, its mark in 1, then more records there."""
    letter, later = record(0, 1), [record(1, ms) for ms in (3, 4)]  # the mark, at 2, is cut off
    heads = latest([letter, *later, record(0, 5)], 2)
    assert [one.timestamp_ms for one in heads.records] == [3, 4, 5]
    assert not heads.is_all
    assert latest([letter], 2).records == [letter]


@pytest.mark.servers
async def test_a_broker_that_is_away_is_told(real_servers: RealServers, monkeypatch):
    monkeypatch.setattr(letter_box, "SECONDS", 0.5)
    away = on_servers(real_servers).model_copy(update={"kafka": "127.0.0.1:1"})
    with pytest.raises(Unavailable, match="ask again"):
        await KafkaLetters(away).heads()
