"""A recorded saga, played once more by the steps and rules as they are."""

from services.cli.replay.recorded import Recorded
from services.cli.replay.rehearsal import Played, rehearse
from services.steps import all_steps

STEPS = all_steps()
RULES = {step.name: step.rules() for step in STEPS}


async def again(saga: Recorded) -> Played:
    return await rehearse(saga, STEPS, RULES)
