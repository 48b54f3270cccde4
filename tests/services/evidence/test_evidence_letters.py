"""Which dead letter is that of the event that a step waits for."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from contracts.envelope import Record
from contracts.ids import dead_letter_id
from contracts.poison import PoisonError
from saga_state.why.facts import Letter
from saga_state.why.place import Trigger
from services.evidence.letters import copy_of, letters_in
from services.runtime.dead_letters import Poisoned

TOPIC, LETTERS = "onboarding.contract-created", "onboarding.documents.dlq"
AT = datetime(2026, 3, 2, 10, tzinfo=UTC)
WAITS = {"s-1": Trigger("ContractCreated", TOPIC, 2, 7, AT)}


@dataclass
class Read:
    """A record as aiokafka has it."""

    topic: str
    partition: int
    offset: int
    headers: list[tuple[str, bytes | None]]
    value: bytes | None = b"{}"
    timestamp: int = 0


@dataclass
class Topic:
    """The dead letter topic of documents."""

    read: list[Read] = field(default_factory=list)

    def poison(
        self, offset: int, saga: str = "s-1", event: str = "ContractCreated", **first: str
    ) -> str:
        headers = {**first, "ce_type": f"com.hexabuilders.onboarding.{event}.v1", "ce_sagaid": saga}
        pairs = tuple((name, text.encode()) for name, text in headers.items())
        record = Record(TOPIC, 2, offset, b"k", b"{", pairs, 0)
        letter = Poisoned(record, PoisonError("INVALID_JSON", "it is not JSON")).letter(
            "documents", ""
        )
        self._add(list(letter.headers), letter.value)
        return dead_letter_id(TOPIC, 2, offset)

    def mark(self, letter: str, what: str) -> None:
        told = {"dlq_id": letter, "dlq_mark": what, "dlq_redrive_id": "r"}
        self._add([(name, text.encode()) for name, text in told.items()], None)

    def found(self) -> dict[str, Letter]:
        return letters_in([copy_of(one) for one in self.read], WAITS)

    def _add(self, headers: list[tuple[str, bytes | None]], value: bytes | None) -> None:
        self.read.append(Read(LETTERS, 0, len(self.read), headers, value))


def test_a_letter_is_found_by_the_coordinates_of_the_event():
    topic = Topic()
    topic.poison(6, saga="other")
    own = topic.poison(7, saga="forged")
    assert topic.found() == {"s-1": Letter(own, f"{LETTERS}/0/1", "INVALID_JSON", "it is not JSON")}


def test_what_came_back_after_a_redrive_is_found_by_its_saga_and_event():
    topic = Topic()
    topic.mark(topic.poison(7), "redriven")
    assert topic.found()["s-1"].mark == "redriven"
    again = topic.poison(31)
    found = topic.found()["s-1"]
    assert (found.id, found.mark) == (again, None)


def test_letters_of_other_events_of_the_saga_are_others():
    topic = Topic()
    topic.poison(9, event="CompensationRequested")
    assert topic.found() == {}


def test_a_record_that_came_with_headers_of_a_letter_is_read_by_those_that_were_added():
    topic = Topic()
    topic.poison(31, dlq_id="own", dlq_topic="own", dlq_error_class="own")
    assert topic.found()["s-1"].error_class == "INVALID_JSON"


def test_what_else_stands_there_is_passed_over():
    topic = Topic()
    topic.mark("of another letter", "discarded")
    topic._add([("ce_type", b"com.hexabuilders.onboarding.StepParked.v1"), ("x", None)], b"{}")
    topic._add([], None)
    assert topic.found() == {}


def test_a_record_of_another_tenant_is_not_believed_to_be_of_this_saga():
    topic = Topic()
    topic.poison(9, ce_tenantid="other")
    assert topic.found() == {}
    topic.poison(9, ce_tenantid="default")
    assert set(topic.found()) == {"s-1"}
