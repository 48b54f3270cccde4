"""What is shown of data that may be personal: names that schemas know, words that they list."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from contracts.events import event_names
from contracts.masking import ALL_EVENTS, masked, masked_data, masked_values
from contracts.schema_files import example, schema

SECRET = "Secreta"
START = "PartnerOnboardingInitiated"


def names_in(of: Any) -> Iterator[str]:
    """Of all members that a schema describes."""
    if isinstance(of, dict):
        yield from of.get("properties", {})
        of = list(of.values())
    for one in of if isinstance(of, list) else ():
        yield from names_in(one)


@pytest.mark.parametrize(("name", "version"), ALL_EVENTS)
def test_what_is_no_word_of_a_contract_is_hidden_in_a_field_of_any_name(name, version):
    sent = dict.fromkeys(names_in(schema(name, version)), SECRET)
    told = masked(sent)
    assert list(told) == list(sent)
    assert SECRET not in str(told)


@pytest.mark.parametrize("field", ["seats", "attempts", "level", "answer_within_seconds"])
def test_a_number_may_be_that_of_a_telephone(field):
    assert masked({field: 34600123456}) == {field: "***"}


def test_words_that_a_contract_lists_are_shown():
    sent = {"tipo_partner": "EMPRESA", "required_documents": ["IDENTITY", SECRET], "pais": "ES"}
    told = {"tipo_partner": "EMPRESA", "required_documents": ["IDENTITY", "***"], "pais": "***"}
    assert masked_data(START, {"partner_data": sent}) == {"partner_data": told}


def test_a_word_of_one_field_is_none_of_another():
    assert masked({"tipo_partner": "IDENTITY"}) == {"tipo_partner": "***"}


@pytest.mark.parametrize("event", event_names())
def test_names_that_no_schema_knows_are_numbered(event):
    told = masked_data(event, {SECRET: 1, f"{SECRET} 2": {SECRET: [{SECRET: 1}]}})
    assert told == {"***1": "***", "***2": {"***1": [{"***1": "***"}]}}


def test_names_of_what_we_keep_ourselves_stay():
    assert masked_values({"contact": {"phone": "+34"}, "kind": "EMPRESA"}) == {
        "contact": {"phone": "***"},
        "kind": "EMPRESA",
    }


@pytest.mark.parametrize(("name", "version"), [one for one in ALL_EVENTS if one[0] != START])
def test_what_a_step_says_is_shown_whole_but_for_wishes(name, version):
    said = example(name, version)["value"]
    assert said
    told = masked_data(name, said)
    assert {k: v for k, v in told.items() if k != "wishes"} == {
        k: v for k, v in said.items() if k != "wishes"
    }


def test_an_event_in_structured_mode_keeps_its_envelope():
    told = masked({"specversion": "1.0", "type": "com.hexabuilders.onboarding.ContractCreated.v1"})
    assert json.dumps(told).count("***") == 0
    assert masked({"type": f"com.{SECRET}", "id": SECRET}) == {"type": "***", "id": "***"}
