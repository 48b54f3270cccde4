"""What must hold of a saga that has ended, told from the topics and from the platform's own log.

It shares nothing with our code. Whoever reads it must wait until nothing goes on any more: in
passing a late "do" may be in force after the end, until its own undo.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.chaos.verdict import NUMBERS, ByType, numbers_of
from tests.integration import outside
from tests.integration.outside import Seen

OUTER = ("documents", "campaigns", "recruitment")
SAID_BY = {
    "PartnerRegistrationCompleted": "registration",
    "ContractCreated": "contract",
    "DocumentsVerified": "documents",
    "CampaignsEnabled": "campaigns",
    "RecruitmentSetupCompleted": "recruitment",
    "PartnerOnboardingCompleted": "recruitment",
}
Effects = Sequence[Mapping[str, Any]]


def end_of(said: ByType) -> str | None:
    """COMPLETED, FAILED or COMPENSATED; None: it has not ended."""
    first, done, failed = outside.STEPS[0], _done(said), said.get("PartnerOnboardingFailed", [])
    if first not in done and any(one.body["failed_step"] == first for one in failed):
        return "FAILED"
    undone = {one.body["step"] for one in said.get("CompensationCompleted", ())}
    if said.get("CompensationRequested") or undone or failed:
        late = {one.body["failed_step"] for one in failed if _timed_out_itself(one)}
        return "COMPENSATED" if {first, *done, *late} <= undone else None
    return "COMPLETED" if outside.STEPS[-1] in done else None


def faults_of(said: ByType, effects: Effects) -> list[str]:
    """What is wrong with one saga, in words; `effects` are the platform's lines of it, in order."""
    end = end_of(said)
    if end is None:
        return ["has not ended"]
    faults = [fault for step in OUTER for fault in _faults_of_step(step, end, said, effects)]
    records = [one for some in said.values() for one in some]
    if len(partners := {name for one in records for name in _names(one)}) != 1:
        faults.append(f"partners {sorted(partners)}")
    for kind, numbers in numbers_of(said).items():
        if len(numbers) > 1:
            faults.append(f"{kind}: numbers {sorted(numbers)}")
    return [*faults, *_differing(said)]


def shared_numbers(sagas: Iterable[ByType]) -> list[str]:
    """Numbers that more than one saga was given."""
    given: dict[str, int] = defaultdict(int)
    for said in sagas:
        for kind in NUMBERS:
            for number in numbers_of(said)[kind]:
                given[number] += 1
    return [number for number, count in given.items() if count > 1]


def _faults_of_step(step: str, end: str, said: ByType, effects: Effects) -> Iterable[str]:
    lines = [one["what"] for one in effects if one["step"] == step]
    made = lines.count("created")
    in_force = bool([one for one in lines if one in {"created", "removed"}][-1:] == ["created"])
    if made > 1:
        yield f"{step}: {made} effects"
    if made and "created" in lines[_first_undo(lines) :]:
        yield f"{step}: done after its undo"
    if step in _done(said) and not made:
        yield f"{step}: said and never done"
    if in_force != (end == "COMPLETED"):
        yield f"{step}: {'in force' if in_force else 'not in force'} though {end}"


def _names(one: Seen) -> set[str]:
    """The partner, wherever a record names it."""
    told = [(one.key or b"").decode(), one.header("ce_subject")]
    return {*told, one.body.get("partner", {}).get("partner_id", told[0])}


def _first_undo(lines: Sequence[str]) -> int:
    places = [place for place, what in enumerate(lines) if what in {"removed", "blocked"}]
    return min(places, default=len(lines))


def _done(said: ByType) -> set[str]:
    """The steps that said yes."""
    return {SAID_BY[name] for name in said if name in SAID_BY}


def _timed_out_itself(failed: Seen) -> bool:
    own = failed.header("ce_source") == f"/services/{failed.body['failed_step']}"
    return own and failed.body["code"] == "TIMEOUT"


def _differing(said: ByType) -> Iterable[str]:
    """One thing said under two ids, one id with two bodies or two sets of headers."""
    ids: dict[tuple[str, ...], set[str]] = defaultdict(set)
    forms: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
    for name, records in said.items():
        for one in records:
            forms[one.header("ce_id")].add((one.value, tuple(one.headers)))
            if one.header("ce_source").startswith("/services/"):
                about = str(one.body.get("failed_step", one.body.get("step")))
                ids[name, one.header("ce_source"), about].add(one.header("ce_id"))
    yield from (f"{' '.join(what)}: {len(some)} ids" for what, some in ids.items() if len(some) > 1)
    yield from (f"id {one}: {len(some)} forms" for one, some in forms.items() if len(some) > 1)
