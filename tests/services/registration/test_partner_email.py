"""The normalised form of an e-mail address: one form per mailbox, whoever asks for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.partner_email import normalised_email


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("partner@example.com", "partner@example.com"),
        ("  Partner@Example.COM\n", "partner@example.com"),
        ("first.last+tag@sub.example.com", "first.last+tag@sub.example.com"),
        ("ana@blocked.example", "ana@blocked.example"),
        ("ana@load.test", "ana@load.test"),
        ("ana@Müller.de", "ana@xn--mller-kva.de"),
        ("ana@xn--mller-kva.de", "ana@xn--mller-kva.de"),
        ("JOSE\u0301@example.com", "jos\u00e9@example.com"),
        ("Straße@example.com", "strasse@example.com"),
    ],
)
def test_a_valid_address_has_one_form(text, normalised):
    assert normalised_email(text) == normalised


@pytest.mark.parametrize(
    "text",
    [
        *("", "@", "ana", "ana@", "@example.com", "a b@example.com", "a\0@example.com"),
        *("ana@example", "ana@example.com.", "ana@[10.0.0.1]", "ana@x.invalid", "a@b.c,d@e.f"),
        *('"ana"@example.com', "a" * 250 + "@example.com", "a" * 1_000_000),
    ],
)
def test_what_is_no_address_has_none(text):
    assert normalised_email(text) is None


@given(st.one_of(st.text(), st.emails(), st.text().map(lambda text: f"{text}@example.com")))
def test_any_text_is_answered_and_a_normalised_address_stays_as_it_is(text):
    once = normalised_email(text)
    assert once is None or normalised_email(once) == once
