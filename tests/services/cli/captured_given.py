"""A saga that was played in memory, with all that the projection and its steps keep of it."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from contracts.journey import PARTNER_ONBOARDING_1
from contracts.starting import Asked, start_message
from services.cli.capture.captured import Captured
from services.cli.capture.stage import Stage, staged
from services.runtime.document_form import to_form
from services.runtime.step import StepService
from services.steps import all_steps

T0 = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
ANA = {
    "nombre": "Ana Secreta",
    "email": "ana@secreta.com",
    "telefono": "+34600000001",
    "tipo_partner": "INDIVIDUAL",
    "direccion": "Calle Secreta 7",
}
EXPIRED = [{"type": "IDENTITY", "number": "SECRET-1", "expires_on": "2020-01-31"}]
PERSONAL = ("Secreta", "secreta", "34600000001", "SECRET-1")


def happened(steps: list[StepService] | None = None, rest: bool = True, **data: Any) -> Stage:
    """Everybody has done what there is to do; with `rest`, time has passed too."""

    async def play() -> Stage:
        made = Captured(("partner-onboarding", 1), T0.isoformat(), {}, acts=())
        asked = Asked(ANA | data, "/my/app", PARTNER_ONBOARDING_1, fresh_id="1")
        stage = await staged(made, steps or all_steps(), start_message(asked, T0), [])
        await (stage.rest(down=()) if rest else stage.go_on(down=()))
        return stage

    return asyncio.run(play())


def forms(stage: Stage) -> dict[str, dict[str, Any]]:
    """The step documents, as MongoDB has them."""
    saga = stage.context.saga_id
    kept = {name: stage.document(name) for name in stage.world.workers}
    return {name: {**to_form(one), "_id": saga} for name, one in kept.items() if one}
