"""What the checker keeps of a million records: a little for each saga, taken as they are read.

It knows topics, headers and bodies as docs/integrate.md tells them to the world, and no code of ours.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from sys import intern
from typing import Any

STEPS = ("registration", "contract", "documents", "campaigns", "recruitment")
P = ("PartnerRegistrationCompleted", "ContractCreated", "DocumentsVerified", "CampaignsEnabled",
     "RecruitmentSetupCompleted")  # fmt: skip
C, F, R, K = ("PartnerOnboardingCompleted", "PartnerOnboardingFailed", "CompensationRequested",
              "CompensationCompleted")  # fmt: skip
STEP_OF = {**dict(zip(P, STEPS, strict=True)), C: STEPS[-1]}
NUMBERS = ("contract", "package", "campaign_account", "workspace")
START_TOPIC = "onboarding.partner-onboarding-initiated"
LETTERS, FIRST = ".dlq", f"/services/{STEPS[0]}"
Place = tuple[str, int, int]
What = tuple[str, str, str]  # event, the step it names, who says it
TIMES = frozenset(
    {"ce_time", "traceparent"}
)  # what a step says once more after a restore differs in these


@dataclass(frozen=True, slots=True)
class Record:
    """As a consumer has it."""

    place: Place
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]

    def header(self, name: str) -> str:
        """Empty if there is none."""
        return next((text for key, text in self.headers if key == name), b"").decode()

    @property
    def event(self) -> str:
        """`ContractCreated` of `com.hexabuilders.onboarding.ContractCreated.v1`."""
        return self.header("ce_type").rpartition(".v")[0].rpartition(".")[2]


@dataclass(slots=True)
class Saga:
    """What was said in one. `said`: (id, form) by what; `codes` of failures by step and sayer;
    `undone`: the steps that undid something, in the order in which they said so. `correlation` is
    what the first step says: a later one, that heard of an undo alone, cannot know it.
    """

    correlation: str = ""
    said: dict[What, tuple[str, int]] = field(default_factory=dict)
    codes: dict[tuple[str, str], str] = field(default_factory=dict)
    undone: list[str] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    faults: set[tuple[str, str]] = field(default_factory=set)
    without: frozenset[str] = frozenset()

    def take(self, one: Record) -> bool:
        """Whether it is new."""
        body = json.loads(one.value or b"{}")
        about = intern(str(body.get("failed_step", body.get("step", ""))))
        what = (intern(one.event), about, intern(one.header("ce_source")))
        fresh = (one.header("ce_id"), _form(one, self.without))
        self._same("partner", (one.key or b"").decode())
        for kind in NUMBERS:
            if kind in body:
                self._same(kind, str(body[kind].get("number")))
        if what[2] == FIRST:
            self.correlation = one.header("ce_correlationid")
        known = self.said.setdefault(what, fresh)
        if known is not fresh:
            self._compare(what, known, fresh)
            return False
        self._note(what, body)
        return True

    def _compare(self, what: What, known: tuple[str, int], fresh: tuple[str, int]) -> None:
        if known[0] != fresh[0]:
            self.faults.add(("two ids", f"{' '.join(what)}: {known[0]} and {fresh[0]}"))
        elif known[1] != fresh[1]:
            self.faults.add(("two bodies", f"{' '.join(what)}: id {known[0]}"))

    def _note(self, what: What, body: Any) -> None:
        event, about, sayer = what
        if event == F:
            self.codes[about, sayer] = intern(str(body.get("code")))
        if event == K and body.get("outcome") == "undone":
            self.undone.append(about)

    def _same(self, name: str, text: str) -> None:
        if (known := self.facts.setdefault(name, text)) != text:
            self.faults.add(("double effects", f"{name} {known} and {text}"))


@dataclass
class Ledger:
    """All of it. `letters`: service, the place that is copied, the error. `prefix` stands before
    the name of each topic; headers in `without` may differ where a thing is said once more."""

    prefix: str = ""
    without: frozenset[str] = frozenset()
    sagas: dict[str, Saga] = field(default_factory=dict)
    starts: dict[str, int] = field(default_factory=dict)
    poison: dict[Place, str] = field(default_factory=dict)
    letters: list[tuple[str, Place, str]] = field(default_factory=list)
    parked: list[str] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[str, str]] = field(default_factory=list)

    def take(self, one: Record) -> None:
        """A record of any topic; those of one partition in their order."""
        self.counted["records"] += 1
        if one.place[0].endswith(LETTERS):
            self._letter(one)
        elif one.place[0] == START_TOPIC:
            self._start(one)
        else:
            saga = self.sagas.setdefault(one.header("ce_sagaid"), Saga(without=self.without))
            self.counted["duplicates"] += not saga.take(one)

    def _letter(self, one: Record) -> None:
        service = one.place[0].removesuffix(LETTERS).rpartition(".")[2]
        if copied := one.header("dlq_topic"):
            copied = copied.removeprefix(self.prefix)
            place = (copied, int(one.header("dlq_partition")), int(one.header("dlq_offset")))
            self.letters.append((service, place, one.header("dlq_error_class")))
        else:
            self.parked.append(f"{one.event} of {service}: {(one.value or b'').decode()[:200]}")

    def _start(self, one: Record) -> None:
        if (name := (one.key or b"").decode(errors="replace")).startswith("poison-"):
            self.poison[one.place] = name
            return
        name, form = one.header("ce_id"), _form(one)
        known = self.starts.setdefault(name, form)
        if known != form:
            self.faults.append(("two bodies", f"start {name}"))

    def by_correlation(self) -> Iterator[tuple[str, str]]:
        """Correlation id and saga id."""
        return ((saga.correlation, id_) for id_, saga in self.sagas.items())


def _form(one: Record, without: frozenset[str] = frozenset()) -> int:
    digest = hashlib.blake2b(one.value or b"", digest_size=8)
    told = [pair for pair in one.headers if pair[0] not in without]
    for name, text in (("", one.key), *told):
        digest.update(name.encode() + b"\0" + (text or b"") + b"\0")
    return int.from_bytes(digest.digest(), "big")
