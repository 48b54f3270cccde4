"""A crash at every port call of whole plays, with undo events, answers, deadlines and watches."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from played_given import PATIENT, Always, Never, Play
from runtime_given import NO, Ground, record, said, told, triggers
from wired_ports import Wires

from contracts.envelope import Record
from services.runtime.part import Limits

HOWS = ("before", "halfway", "after")


def undone(saga: str) -> Record:
    body = {"step": "documents", "outcome": "undone"}
    return record("CompensationCompleted", body, ce_sagaid=saga, ce_id=f"k-{saga}")


def requested(saga: str, failed_step: str = "contract") -> Record:
    body = {"failed_step": failed_step, "code": "NO", "reason": "No.", "requested_by": "ops-1"}
    return record("CompensationRequested", body, ce_sagaid=saga, ce_id=f"r-{saga}")


def answered(saga: str) -> Record:
    return record("DocumentsVerified", ce_sagaid=saga, ce_id=f"p-{saga}")


@dataclass(frozen=True)
class Scene:
    """A step and its batches, how they end, and what it did outside."""

    batches: list[list[Record]]
    ends: dict[str, str]
    effects: dict[str, list[str]] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    part: dict[str, Any] = field(default_factory=dict)
    replies: dict[str, list[Any]] = field(default_factory=dict)
    watch: Callable[[], Any] = Never

    async def play(self, wires: Wires | None = None) -> Play:
        ground = Ground(told("contract", **self.answers), part=self.part)
        play = Play(ground, self.watch(), wires or Wires())
        play.outside.replies.update({saga: list(all_of) for saga, all_of in self.replies.items()})
        return await play.batches(*self.batches)


SCENES = {
    "inner": Scene(
        answers={"no": NO, "bug": ValueError()},
        part=PATIENT,
        batches=[
            [*triggers("contract", "a", "b", "no", "bug", "c", "a"), undone("early"), undone("c")],
            [answered("a"), *triggers("contract", "early"), requested("b"), undone("no")],
            [undone("a"), undone("a"), undone("bug"), requested("b", "documents"), undone("b")],
        ],
        ends={
            "a": "undone", "b": "undone", "no": "rejected", "bug": "undone", "c": "undone",
            "early": "blocked",
        },
    ),
    "outer": Scene(
        part={**PATIENT, "outside": True},
        replies={"no": [NO], "lost": ["lost"], "slow": ["later", "later"], "u": ["yes", "lost"]},
        batches=[
            [*triggers("contract", "a", "no", "lost", "slow", "u"), undone("early")],
            [*triggers("contract", "early", "both"), undone("both"), undone("no")],
            [undone("lost"), requested("slow"), undone("u"), undone("u")],
        ],
        ends={
            "a": "done", "no": "rejected", "lost": "undone", "slow": "undone", "u": "undone",
            "early": "blocked", "both": "undone",
        },
        effects={
            "a": ["created"], "lost": ["created", "removed"], "slow": ["created", "removed"],
            "u": ["created", "removed"],
        },
    ),
    "too late": Scene(
        part={"outside": True, "limits": Limits(lease=10)},
        replies={"a": ["later"] * 99, "lost": ["lost", *["later"] * 3]},
        batches=[triggers("contract", "a", "lost")],
        ends={"a": "undoing", "lost": "undone"},
    ),
    "a bug and its deadline": Scene(
        answers={"bug": ValueError()},
        batches=[triggers("contract", "bug", "a"), [answered("a")]],
        ends={"bug": "undone", "a": "done"},
    ),
    "nobody answers": Scene(
        watch=Always,
        batches=[triggers("contract", "a", "b"), [requested("a", "documents")]],
        ends={"a": "undone", "b": "done"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SCENES)
async def test_without_a_crash_it_ends_as_told(name):
    scene = SCENES[name]
    play = await scene.play()
    assert play.states == scene.ends
    if scene.effects:
        made = {saga: what for saga, what in play.effects.items() if saga != "both"}
        assert made == scene.effects
    assert not [one for one in play.ground.store.documents.values() if one.is_unsent]


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("name", SCENES)
async def test_a_crash_at_every_port_call_changes_neither_what_is_said_nor_what_is_done(name, how):
    scene, counted = SCENES[name], Wires()
    undisturbed = await scene.play(counted)
    for number in range(len(counted.calls)):
        play = await scene.play(Wires(number, how))
        at = f"{how} call {number}, {counted.calls[number]}"
        assert play.states == undisturbed.states, at
        assert play.bodies == undisturbed.bodies, at
        assert all(len(forms) == 1 for forms in said(play.ground.log).values()), at
        for saga, what in play.effects.items():
            assert what in (["created"], ["created", "removed"]), at
            in_force = undisturbed.states[saga] == "done"
            assert in_force == (what == ["created"]), at
