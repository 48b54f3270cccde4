"""What holds of a step's document on any walk through the table: arrivals in any order."""

import random
from collections import Counter, defaultdict

import pytest
from cells_given import BUG, PLACES, STATES, TO_A_BUG, Led
from runtime_given import NO, header

from services.runtime.document import Document

pytestmark = pytest.mark.slow

SINGLE = (
    "P(k-1)", "P(k+1)", "K(k+1)", "R(k+1)", "R(k)", "R(first)", "R(null)", "F(k+1)", "K(k)",
    "my turn", "yes", "no", "later", "bug", "try", "deadline", "watch", "redrive", "resolve",
    "mended", 0.5, 31.0, 90_000.0,
)  # fmt: skip
MOVES = (*((word,) for word in SINGLE), ("P(k-1)",), ("yes",), (31.0, "try"), TO_A_BUG)
UNDOING = ("undoing", "undone", "undo_parked")
END = ("rejected", "blocked", "undone")
ASKS = ("K(k+1)", "R(k+1)", "R(k)", "R(first)", "my turn", "deadline")
NOT_OF_THE_LAST = ("P(k+1)", "K(k+1)", "R(k+1)", "F(k+1)")
HOW_MANY = 3_000


class Walk:
    """A step led by chance, and its document before and after each arrival."""

    def __init__(self, number: int) -> None:
        chance = random.Random(number)
        answer = chance.choice([None, None, NO, BUG])
        self.one = Led(chance.choice(list(PLACES)), chance.choice([True, True, False]), answer)
        self.number = number
        self.steps: list[tuple[Document | None, str, Document | None]] = []
        moves = [("P(k-1)",)] * chance.choice([0, 1, 1, 1, 1])
        moves += [chance.choice(MOVES) for _ in range(chance.randint(1, 12))]
        for word in (word for move in moves for word in move):
            self._go(word)

    def _go(self, word: str | float) -> None:
        before = self.one.document
        if word == "mended":
            self.one.mended()
        elif isinstance(word, float):
            self.one.clock.go_on(word)
        elif not (self.one.is_last and word in NOT_OF_THE_LAST):
            self.one.meets(word)
            self.steps.append((before, word, self.one.document))

    def __repr__(self) -> str:
        return f"Walk({self.number}): {[(word, a and a.state) for _, word, a in self.steps]}"

    @property
    def documents(self) -> list[Document]:
        return [after for _, _, after in self.steps if after]

    def said(self, document: Document) -> list[str]:
        """Without codes and outcomes."""
        return [word.partition(" ")[0] for word in self.one.words(document.outbox)]


@pytest.fixture(scope="module")
def walks() -> list[Walk]:
    return [Walk(number) for number in range(HOW_MANY)]


def test_walks_come_to_every_state_and_from_each_to_several(walks):
    """What the tests below rest on."""
    times = Counter(one.state for walk in walks for one in walk.documents)
    assert set(times) == set(STATES) - {"absent"}
    assert min(times.values()) > 50, times


def test_v9_one_id_has_one_body_and_one_set_of_headers(walks):
    for walk in walks:
        forms = defaultdict(set)
        for said in walk.one.ever:
            if not header(said, "dlq_id"):
                forms[said.event_id].add((said.value, said.headers))
        assert all(len(form) == 1 for form in forms.values()), walk


def test_v3_an_undo_that_is_wanted_is_never_taken_back(walks):
    for walk in walks:
        wanted = False
        for before, _, after in walk.steps:
            wanted |= bool(before and before.undo_wanted)
            assert not (wanted and after.state in ("done", "parked")), walk
            assert not wanted or after.state != "pending" or after.undo_wanted, walk


def test_i4_what_ended_stays_so_and_what_is_undone_is_never_done_again(walks):
    for walk in walks:
        for before, _, after in walk.steps:
            assert not (before and before.state in END) or after.state == before.state, walk
            assert not (before and before.state in UNDOING) or after.state in UNDOING, walk


def test_v8_what_was_ever_taken_says_k_when_its_undo_is_done(walks):
    for walk in walks:
        taken = False
        for _, _, after in walk.steps:
            taken |= bool(after and after.state in ("pending", "done", "parked"))
            if taken and after.state in ("undone", "blocked"):
                assert "K(k)" in walk.said(after), walk


def test_v10_a_watch_is_noted_in_the_update_that_makes_it_done_and_never_again(walks):
    for walk in walks:
        for before, _, after in walk.steps:
            noted = after.watch_at if after else None
            if noted and (before is None or before.watch_at != noted):
                assert after.state == "done" != (before.state if before else "absent"), walk
            assert not noted or after.state == "done", walk


def test_w4_it_says_progress_and_completion_of_itself_alone(walks):
    for walk in walks:
        said = [one for one in walk.one.ever if not header(one, "dlq_id")]
        ks = {word.partition(" ")[0] for word in walk.one.words(said) if word.startswith("K")}
        assert ks <= {"K(k)"}, walk
        assert {header(one, "ce_source") for one in said} <= {f"/services/{walk.one.step}"}, walk


def test_x4_the_outcome_of_k_tells_how_it_came_to_be_undone(walks):
    for walk in walks:
        resolved = False
        for before, word, after in walk.steps:
            resolved |= bool(before and before.state == "undo_parked" and word == "resolve")
            outcomes = [w.partition(" ")[2] for w in walk.one.words(after.outbox if after else ())
                        if w.startswith("K")]  # fmt: skip
            by_hand = "resolved_by_operator" if resolved else "undone"
            expected = by_hand if after and after.state == "undone" else "nothing_to_undo"
            assert outcomes in ([], [expected]), walk


def test_x5_an_undo_starts_only_after_it_was_asked_for_or_the_deadline_struck(walks):
    for walk in walks:
        asked = False
        for _, word, after in walk.steps:
            asked |= word in ASKS or (word == "R(null)" and walk.one.is_last)
            assert asked or not after or after.state not in UNDOING, walk


def test_what_it_says_stands_in_order_and_is_counted(walks):
    for walk in walks:
        for before, _, after in walk.steps:
            words = walk.said(after) if after else []
            for first, second in (("R(k)", "F(k)"), ("R(k+1)", "F(k+1)"), ("C", "P")):
                if first in words and second in words:
                    assert words.index(first) < words.index(second), walk
            assert ("R(k)" in words) == ("F(k)" in words and not walk.one.is_first), walk
            assert not after or len(words) <= after.said, walk
            assert not before or before.said <= after.said, walk


def test_i1_what_is_under_way_is_never_forgotten(walks):
    """Time will ask for it; only a person may be waited for, and a parking says so."""
    for walk in walks:
        for document in walk.documents:
            state = document.state
            assert state not in ("pending", "undoing") or document.try_at, walk
            if state in ("pending", "parked") and not document.deadline_spoke:
                assert document.deadline_at, walk
            if state in ("parked", "undo_parked"):
                assert state in walk.said(document), walk
            assert document.lease is None or state in ("pending", "undoing"), walk


def test_i2_a_call_is_made_under_the_lease_that_was_just_recorded(walks):
    for walk in walks:
        leases = [one.lease for one in walk.documents if one.lease]
        changes = [lease for n, lease in enumerate(leases) if n == 0 or leases[n - 1] != lease]
        assert len(changes) == len(set(changes)), walk


def test_a_step_without_an_outside_system_calls_nobody_and_is_never_undoing(walks):
    for walk in walks:
        if not walk.one.part.outside:
            states = {one.state for one in walk.documents}
            assert not states & {"undoing", "undo_parked"}, walk
            assert {one.lease for one in walk.documents} <= {None}, walk
