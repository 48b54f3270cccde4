"""The files of a sixth step, `training`, as version 2 of partner-onboarding, and the play of it.

`python sixth_step.py`, in a folder that holds the changed packages, plays one saga of each version
side by side and writes what the projection says of them as JSON.
"""

import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROWS = """
# From here on partners are trained before they recruit.
PARTNER_ONBOARDING_2 = Journey("partner-onboarding", 2, (
    *PARTNER_ONBOARDING_1.steps[:-1],
    Step("training",     "CampaignsEnabled",             "TrainingScheduled",
         "cancel the training",                          "TRAINING_SCHEDULED",   30),
    Step("recruitment",  "TrainingScheduled",            "RecruitmentSetupCompleted",
         "remove the recruitment workspace",             "RECRUITMENT_SETUP",    30),
))
"""
EVENT = '''
class TrainingScheduled(Progress):
    """The training of the partner's people is scheduled."""

    contract: Contract
    number: str
    trained: int = Field(ge=0, description="How many people are trained.")
    wishes: Wishes = Wishes()

'''
INIT = '''"""The training service: hears CampaignsEnabled, says TrainingScheduled."""

from contracts import ids
from contracts.events import CampaignsEnabled, TrainingScheduled
from services.runtime.step import Done, Effects, Outcome, StepService
from services.training.rules import TrainingRules, trained_of


def schedule(event: CampaignsEnabled, effects: Effects[TrainingRules]) -> Outcome:
    """A training for everybody who has a seat."""
    number = ids.number("TR-", effects.context.saga_id)
    trained = trained_of(event.contract, effects.rules)
    says = TrainingScheduled(
        partner=event.partner,
        contract=event.contract,
        number=number,
        trained=trained,
        wishes=event.wishes,
    )
    return Done(says, {"number": number, "trained": trained, "state": "SCHEDULED"})


STEP = StepService(name="training", handler=schedule, rules=TrainingRules)
'''
MAIN = """from services.runtime.service import run
from services.training import STEP

if __name__ == "__main__":
    run(STEP)
"""
RULES = '''"""The rules of training: how many are trained at once."""

from pydantic import BaseModel, ConfigDict, Field

from contracts.facts import Contract


class TrainingRules(BaseModel):
    """The numbers of training."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    most: int = Field(default=5, ge=1, description="The most in one training.")


def trained_of(contract: Contract, rules: TrainingRules) -> int:
    """Everybody with a seat, up to the most."""
    return min(contract.seats, rules.most)
'''


def add_to(root: Path) -> None:
    """Do what CONTRIBUTING.md, "Add a step", says."""
    put_in(
        root / "contracts/journey.py", before="# Here the contract is of kind", text=ROWS.lstrip()
    )
    put_in(
        root / "contracts/journey.py",
        after="journeys_of(PARTNER_ONBOARDING_1,",
        text=" PARTNER_ONBOARDING_2,",
    )
    put_in(
        root / "contracts/events.py",
        before="class PartnerOnboardingCompleted",
        text=EVENT.lstrip() + "\n",
    )
    put_in(
        root / "contracts/events.py",
        after="    RecruitmentSetupCompleted,\n",
        text="    TrainingScheduled,\n",
    )
    folder = root / "services/training"
    folder.mkdir()
    for name, text in {"__init__": INIT, "__main__": MAIN, "rules": RULES}.items():
        (folder / f"{name}.py").write_text(text)


def put_in(file: Path, text: str, before: str = "", after: str = "") -> None:
    whole = file.read_text()
    assert whole.count(before or after) == 1, (file, before or after)
    file.write_text(whole.replace(before or after, text + before if before else after + text))


async def play() -> dict[str, Any]:
    """Both versions at once, with every service of either; what the projection says at rest, and
    in which order the steps undo when a person asks for it."""
    from contracts.journey import JOURNEYS
    from saga_state.schema import SAGA
    from saga_state.state import fold
    from services.runtime.settings import AllSettings
    from services.runtime.topics import wanted_topics
    from services.runtime.world import World
    from services.steps import all_steps

    world = World(all_steps(), lambda: datetime.now(UTC))
    await world.publish(start(1), start(2))
    await world.run()
    sagas = heard(world)
    told = [fold(None, events, lambda _: None) for events in sagas.values()]
    last = {"RecruitmentSetupCompleted", "PartnerOnboardingCompleted"}
    under_way = [
        fold(None, [event for event in events if event.name not in last], lambda _: None)
        for events in sagas.values()
    ]
    said = world.log.records("onboarding.training-scheduled")
    await world.publish(*(request(saga) for saga in told))
    await world.run()
    return {
        "at rest": {str(saga["journey_version"]): summary(saga) for saga in told},
        "undone": dict(undone(events) for events in heard(world).values()),
        "under way": {str(saga["journey_version"]): summary(saga) for saga in under_way},
        "journeys": sorted(journey.label for journey in JOURNEYS.values()),
        "validator": SAGA["properties"]["status"]["enum"],
        "settings": settings_of("training", AllSettings),
        "settings of another step": settings_of("documents", AllSettings),
        "topics": sorted(t.name for t in wanted_topics(AllSettings()) if "training" in t.name),
        "examples": [as_example(record) for record in said],
    }


def heard(world: Any) -> dict[str, list[Any]]:
    """All events by saga, topic by topic."""
    sagas: dict[str, list[Any]] = {}
    for topic in sorted(world.log.topics):
        for record in world.log.records(topic):
            event = world.reader.read(record)
            sagas.setdefault(event.context.saga_id, []).append(event)
    return sagas


def undone(events: list[Any]) -> tuple[str, list[str]]:
    """The version of a saga and its steps in the order in which they said that they undid."""
    said = [event for event in events if event.name == "CompensationCompleted"]
    in_order = sorted(said, key=lambda event: event.time)
    version = str(events[0].context.journey_version)
    return version, list(dict.fromkeys(event.data.step for event in in_order))


def settings_of(step: str, settings: Any) -> list[str]:
    names = (name.partition(f"{step}_") for name in settings.model_fields)
    return sorted(rest for before, found, rest in names if found and not before)


def start(version: int) -> Any:
    data = {
        "nombre": "TechSolutions Inc",
        "email": f"v{version}@techsolutions.com",
        "telefono": "+1234567890",
        "tipo_partner": "EMPRESA",
    }
    headers = {"ce_id": f"start-{version}", "ce_journey": f"partner-onboarding/{version}"}
    return message("PartnerOnboardingInitiated", {"partner_data": data}, headers)


def request(saga: Any) -> Any:
    body = {"failed_step": None, "code": "REQUESTED", "reason": "left", "requested_by": "ops-1"}
    label = f"{saga['journey']}/{saga['journey_version']}"
    headers = {"ce_id": f"undo-{saga['_id']}", "ce_sagaid": saga["_id"], "ce_journey": label}
    return message("CompensationRequested", body, headers)


def message(name: str, body: Any, headers: dict[str, str]) -> Any:
    from contracts.envelope import Message
    from contracts.topics import event_topic

    type_ = f"com.hexabuilders.onboarding.{name}.v1"
    given = {"ce_type": type_, "ce_source": "/producers/crm", **headers}
    pairs = tuple((header, text.encode()) for header, text in given.items())
    return Message("id", event_topic(name), b"key", json.dumps(body).encode(), pairs)


def summary(saga: Any) -> dict[str, Any]:
    steps = {step["step"]: [step["state"], step["result"]] for step in saga["steps"]}
    return {"status": saga["status"], "current_step": saga["current_step"], "steps": steps}


def as_example(record: Any) -> dict[str, Any]:
    return {
        "topic": record.topic,
        "key": record.key.decode(),
        "headers": {name: text.decode() for name, text in record.headers},
        "value": json.loads(record.value),
    }


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    json.dump(asyncio.run(play()), sys.stdout)
