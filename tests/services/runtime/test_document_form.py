"""Every field of a step document survives the form in which MongoDB keeps it."""

from dataclasses import fields
from datetime import UTC, datetime
from typing import get_args

import bson
import pytest
from bson.codec_options import CodecOptions
from cells_given import INNER_STATES, OUTER, PLACES, led
from hypothesis import given, settings
from hypothesis import strategies as st
from stored_given import after

from contracts.envelope import Context, Message, Record
from services.runtime.document import Document, Position, Refusal, State, Trigger
from services.runtime.document_form import from_form, to_form

UTC_TIMES = CodecOptions(tz_aware=True, tzinfo=UTC)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
number = st.integers(0, 2**62)
moment = st.builds(after, st.integers(-(10**9), 10**9))
raw = st.none() | st.binary(max_size=9) | text.map(str.encode)
headers = st.lists(st.tuples(text, raw), max_size=3).map(tuple)
key = st.text("abc_", min_size=1, max_size=4)
json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(key, inner, max_size=3),
    max_leaves=6,
)
messages = st.lists(st.builds(Message, text, text, raw, raw, headers), max_size=3).map(tuple)
position = st.builds(Position, text, number, number)
documents = st.builds(
    Document,
    context=st.builds(Context, text, text, text, text, text, number),
    state=st.sampled_from(get_args(State)),
    decided_at=moment,
    trigger=st.none()
    | st.builds(Trigger, text, text, text, text, position, moment, st.none() | text),
    result=st.none() | st.dictionaries(key, json, max_size=3),
    refusal=st.none() | st.builds(Refusal, text, text),
    holds=st.dictionaries(key, text, max_size=2),
    outbox=messages,
    said=number,
    sent=number,
    attempts=number,
    outer=st.booleans(),
    plan=messages,
    record=st.none() | st.builds(Record, text, number, number, raw, raw, headers, number),
    lease=st.none() | text,
    try_at=st.none() | moment,
    last_answer=st.none() | text,
    deadline_at=st.none() | moment,
    watch_at=st.none() | moment,
    give_up_at=st.none() | moment,
    undo_wanted=st.booleans(),
    undo_traceparent=st.none() | text,
    deadline_spoke=st.booleans(),
    resolving=st.booleans(),
    blocked_for=st.lists(st.sampled_from(("acme", "x.y")), unique=True).map(tuple),
    revision=number,
)


def kept(document: Document) -> Document:
    """As the store writes and reads it, without a server between."""
    form = {"_id": document.context.saga_id, **to_form(document), "revision": document.revision}
    return from_form(bson.decode(bson.encode(form), UTC_TIMES))


@settings(max_examples=500)
@given(documents)
def test_every_document_comes_out_as_it_went_in(document):
    assert kept(document) == document


def test_the_documents_above_have_every_field():
    """A field that is added is generated too, or this fails."""
    defaults = {one.name for one in fields(Document)} - {"context", "state", "decided_at"}
    seen: set[str] = set()

    @settings(max_examples=100, database=None, derandomize=True)
    @given(documents)
    def look(document: Document) -> None:
        bare = Document(document.context, document.state, document.decided_at)
        seen.update(n for n in defaults if getattr(document, n) != getattr(bare, n))

    look()
    assert seen == defaults


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("kind", "state"),
    [("inner", state) for state in INNER_STATES[1:]]
    + [("outer", state) for state in OUTER if state != "absent"],
)
def test_what_the_table_leads_to_comes_out_as_it_went_in(place, kind, state):
    document = led(place, kind, state).document
    assert kept(document) == document


def test_a_time_that_is_written_as_null_reads_as_none():
    """So an update leaves it that moves the times that are there."""
    document = led("middle", "inner", "done").document
    form = {"_id": "saga-1", **to_form(document), "revision": document.revision}
    assert from_form({**form, "try_at": None, "due_at": None, "lease": None}) == document


def test_an_unknown_field_is_not_read():
    document = led("middle", "inner", "done").document
    form = {"_id": "saga-1", **to_form(document), "revision": document.revision}
    assert from_form({**form, "due_at": datetime(2026, 3, 1, tzinfo=UTC), "new": 1}) == document
