"""What the doctor says of letters that wait for a person."""

import asyncio

import pytest
from letters_given import Topics

from services.cli.doctor_servers import check_letters
from services.cli.errors import CliError
from services.cli.finding import ok, warn
from services.cli.running_stack import Found
from services.letters.letter import Letter
from services.runtime.settings import load_settings

LIST = "onboarding dlq list"


@pytest.fixture
def found() -> Found:
    return Found(load_settings(_env_file=None), None)


async def test_open_letters_are_counted_and_need_a_person_but_nothing_fails(found):
    topics = Topics()
    topics.bug()  # a copy: the parked step is counted
    topics.parked()
    topics.poison()

    async def read(_found: Found) -> list[Letter]:
        return topics.letters()

    told = warn("letters", "2 open: for a person to look at", LIST)
    assert await check_letters(found, read) == told


async def test_letters_that_were_dealt_with_are_no_matter(found):
    topics = Topics()
    topics.parked()
    topics.wish()

    async def read(_found: Found) -> list[Letter]:
        return topics.letters()

    assert await check_letters(found, read) == ok("letters", "none is open")


async def test_letters_that_take_too_long_to_read_hold_nobody_up(found):
    async def read(_found: Found) -> list[Letter]:
        await asyncio.sleep(3600)
        return []

    told = "not counted: reading them takes more than 0.01 s"
    assert await check_letters(found, read, 0.01) == warn("letters", told, LIST)


async def test_letters_that_cannot_be_read_are_no_failure_of_the_system(found):
    async def read(_found: Found) -> list[Letter]:
        raise CliError("Kafka does not answer")

    told = await check_letters(found, read)
    assert (told.state, told.found) == ("warn", "not counted: CliError: Kafka does not answer")
