"""A member of the group of campaigns that is no service: it does nothing with what it is given."""

import asyncio
from collections.abc import Sequence

from contracts.envelope import Record
from services.runtime.agent import Intake, build_app
from services.runtime.hearing import topics_of
from services.runtime.settings import load_settings
from services.runtime.vitals import Vitals

STEP = "campaigns"


async def main() -> None:
    """Until it is killed."""
    settings = load_settings()
    intake = Intake(topics_of(STEP, prefix=settings.prefix), settings.batch_max)
    app = build_app(STEP, [intake], settings, Vitals(), _nothing)
    await app.start()
    await asyncio.Event().wait()


async def _nothing(_batch: Sequence[Record]) -> None:
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
