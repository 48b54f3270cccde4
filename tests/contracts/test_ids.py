"""Ids are frozen: another value for the same parts would be another saga, said twice."""

import json
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import ids

SAGA = "273ba14f-dc15-5fbd-a4f2-37426cc75804"
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)


@pytest.mark.parametrize(
    ("made", "frozen"),
    [
        (
            ids.saga_id(
                "default",
                "partner-onboarding",
                "/producers/crm",
                "c56a4180-65aa-42ec-a945-5fd21dec0538",
            ),
            SAGA,
        ),
        (ids.partner_id(SAGA), "70589b6f-53c9-5c5e-bea1-5fb687f169d2"),
        (ids.said_id(SAGA, "ContractCreated", "contract"), "e36ea4d1-2c25-57c8-a980-d12696f20f11"),
        (
            ids.failure_id(SAGA, "CompensationRequested", "documents", "contract"),
            "bfc06515-130f-512a-a62e-e6fbdc5ceb65",
        ),
        (
            ids.start_id("default", "partner-onboarding", "corr-123-456"),
            "90dfa143-ac26-5b66-b3df-386b74d8a7fd",
        ),
        (
            ids.dead_letter_id("onboarding.contract-created", 3, 41),
            "605f0a6d-b2d7-5875-bf45-92eeeec6cb56",
        ),
        (ids.identity_id("/services/contract", "ñ🧑‍🚀"), "22ed34cc-8d05-5e4e-9dc5-e4a2359d0007"),
        (ids.number("CT-", SAGA), "CT-7JSVKCQTLNJYVH6H"),
    ],
)
def test_an_id_never_changes(made, frozen):
    assert made == frozen


MAKERS = [
    (ids.saga_id, 4),
    (ids.said_id, 3),
    (ids.failure_id, 4),
    (ids.start_id, 3),
    (ids.identity_id, 2),
    (ids.partner_id, 1),
]


@pytest.mark.parametrize(("make", "parts"), MAKERS)
def test_other_parts_make_another_id(make, parts):
    @given(st.tuples(*[TEXT] * parts), st.tuples(*[TEXT] * parts))
    def check(one, other):
        assert (make(*one) == make(*other)) == (one == other)

    check()


@given(TEXT, TEXT, st.sampled_from(['"', ",", '","', "\\", "\x00", "]["]))
def test_what_joins_the_parts_cannot_be_smuggled_in(a, b, mark):
    assert ids.identity_id(a + mark, b) != ids.identity_id(a, mark + b)
    assert ids.identity_id(f'{a}","{b}', "") != ids.identity_id(a, b)


@given(TEXT, st.integers(0, 2**53))
def test_an_id_is_the_uuid5_of_its_parts_as_json(text, number):
    name = json.dumps([text, number, number], ensure_ascii=False, separators=(",", ":"))
    namespace = uuid5(UUID("6f2a6f0e-5d0b-5f0f-9a51-0d6c2c9b7a11"), "record")
    assert ids.dead_letter_id(text, number, number) == str(uuid5(namespace, name))


def test_a_failure_and_a_saying_never_share_an_id():
    assert ids.said_id("s", "PartnerOnboardingFailed", "x") != ids.failure_id(
        "s", "PartnerOnboardingFailed", "x", ""
    )


def test_no_two_kinds_of_ids_meet_on_the_same_parts():
    made = [
        ids.saga_id("a", "b", "c", "d"),
        ids.failure_id("a", "b", "c", "d"),
        ids.said_id("a", "b", "c"),
        ids.start_id("a", "b", "c"),
        ids.identity_id("a", "b"),
        ids.partner_id("a"),
    ]
    assert len(set(made)) == len(made)


def test_a_whole_number_is_not_its_text():
    assert ids.dead_letter_id("t", 1, 11) != ids.dead_letter_id("t", 11, 1)


@given(TEXT, TEXT)
def test_a_number_is_sixteen_characters_of_base32_and_one_per_saga(one, other):
    number = ids.number("CT-", one)
    assert number.startswith("CT-")
    assert len(number) == 19
    assert set(number[3:]) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    assert (number == ids.number("CT-", other)) == (one == other)
    assert number[3:] != ids.number("DP-", one)[3:]


@pytest.mark.parametrize("good", ["p", "P-1_x.y", "x" * 64, "...", ".hidden", "Health"])
def test_a_partner_id_may_be_given(good):
    assert ids.is_partner_id(good)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "x" * 65,
        "a b",
        "a/b",
        "ñ",
        "a\n",
        ".",
        "..",
        "health",
        "partner-onboarding",
        "partner-creation",
        None,
        5,
        b"p",
        ["p"],
    ],
)
def test_a_partner_id_that_would_hurt_in_a_url_is_refused(bad):
    assert not ids.is_partner_id(bad)
