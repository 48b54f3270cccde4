"""`make alerts-report`: a healthy run, then each alert fired by its cause; docs/alerts-fired.md.

It goes on where it was when it was interrupted: what it has seen is in `told.json` of its folder
until the page is written.
"""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from tests.monitoring.fired.causes_in_sagas import HALF_UNDONE, IN_SAGAS, is_half_undone
from tests.monitoring.fired.causes_in_services import IN_SERVICES
from tests.monitoring.fired.firing import Cause, Fired, fire, say
from tests.monitoring.fired.healthy import Healthy, healthy
from tests.monitoring.fired.page import PAGE, missing, write_page
from tests.monitoring.fired.stage import Stage, staged

FOLDER = Path(".onboarding/alerts-report").absolute()
TOLD = FOLDER / "told.json"


def main() -> None:
    """Ends with 1 if an alert did not fire or went on, or one fired in the healthy run."""
    parser = argparse.ArgumentParser(prog="python -m tests.monitoring.fired", description=__doc__)
    parser.add_argument("--healthy-seconds", type=float, default=600.0)
    asked = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    told = gone_on_with(TOLD.read_text() if TOLD.exists() else '{"healthy": null, "fired": {}}')
    asyncio.run(_seen(told, asked.healthy_seconds))
    wrong = missing(told["fired"])
    if wrong or not Healthy(**told["healthy"]).is_well:
        say(f"not written; missing: {wrong}, healthy: {told['healthy']}")
        sys.exit(1)
    write_page(Healthy(**told["healthy"]), [Fired(**one) for one in told["fired"].values()])
    TOLD.unlink()
    say(f"{PAGE} is written")


def gone_on_with(text: str) -> dict[str, Any]:
    """What was seen before. A healthy run that was not well is run again."""
    told: dict[str, Any] = json.loads(text)
    if told["healthy"] and not Healthy(**told["healthy"]).is_well:
        told["healthy"] = None
    return told


async def _seen(told: dict[str, Any], healthy_seconds: float) -> None:
    """All that is not told yet, on a stack of its own; `told` is kept after each."""
    if told["healthy"] is None:
        async with staged(FOLDER) as stage:
            told["healthy"] = (await healthy(stage, healthy_seconds)).as_json()
            _keep(told)
    if missing(told["fired"]):
        async with staged(FOLDER) as stage:
            await stage.quiet()
            await _fire_all(stage, told)


async def _fire_all(stage: Stage, told: dict[str, Any]) -> None:
    """The undo that stands still first: the others are fired in the quarter of an hour it takes."""

    async def others() -> None:
        await is_half_undone(stage)
        for cause in (*IN_SAGAS, *IN_SERVICES):
            await _one(stage, cause, told)

    if any(name not in told["fired"] for name in HALF_UNDONE.alerts):
        _note(told, await fire(stage, HALF_UNDONE, others))
        return
    for cause in (*IN_SAGAS, *IN_SERVICES):
        await _one(stage, cause, told)


async def _one(stage: Stage, cause: Cause, told: dict[str, Any]) -> None:
    if any(name not in told["fired"] for name in cause.alerts):
        _note(told, await fire(stage, cause))
        await stage.at_rest()


def _note(told: dict[str, Any], fired: list[Fired]) -> None:
    told["fired"] |= {one.alert: one.as_json() for one in fired}
    _keep(told)


def _keep(told: dict[str, Any]) -> None:
    TOLD.write_text(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
