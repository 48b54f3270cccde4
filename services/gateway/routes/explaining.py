"""Why a saga stands where it stands, and what undoing it would do: nothing is changed."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Response

from saga_state.why.answer import Answer
from saga_state.why.plain import without_machines
from services.evidence.asking import why_id, why_noted
from services.gateway.access import Caller, Reads
from services.gateway.answers import STEPS
from services.gateway.compensating import check_step, planned, the_one_meant
from services.gateway.explained import UndoPlanAnswer, WhyAnswer
from services.gateway.finding import found, the_one
from services.gateway.ground import Ground, On
from services.gateway.problems import Unavailable
from services.gateway.replies import reply

router = APIRouter(tags=["onboarding"])
_PROBLEMS = {
    "x-problems": {
        "404": "No saga, partner or correlation id of that name.",
        "409": "It stands for several sagas: all ids.",
    }
}
FailedStep = Annotated[
    str | None,
    Query(description="As if this step had failed.", json_schema_extra={"enum": [*STEPS]}),
]


@router.get("/sagas/{any_id}/why", response_model=WhyAnswer, openapi_extra=_PROBLEMS)
async def why(any_id: str, on: On, caller: Reads) -> Response:
    """Why it stands where it stands: a sentence, how sure it is, what it rests on, the command
    that helps. What tells of machines is for those who may act (sagas:compensate)."""
    saga = await the_one(on, caller.tenant_id, any_id)
    return reply((await explained(on, caller, saga["saga_id"])).body)


async def explained(on: Ground, caller: Caller, saga_id: str) -> Answer:
    """Of a saga that is known, as the caller may see it. TooMany; Unavailable if those who are
    asked do not answer in time."""
    who = caller.key_id or caller.address
    try:
        async with asyncio.timeout(on.settings.gateway_answer_seconds), on.explaining.of(who):
            answer = await _why(on, caller.tenant_id, saga_id)
    except TimeoutError:
        raise Unavailable("what it is told from did not come in time; ask again") from None
    return answer if "sagas:compensate" in caller.scopes else without_machines(answer)


async def _why(on: Ground, tenant_id: str, saga_id: str) -> Answer:
    """The projection may not have seen a saga that was started a moment ago."""
    told = await why_id(on.evidence, tenant_id, saga_id)
    return told.answer if told else await why_noted(on.evidence, tenant_id, saga_id)


@router.get("/sagas/{any_id}/undo-plan", response_model=UndoPlanAnswer, openapi_extra=_PROBLEMS)
async def undo_plan(any_id: str, on: On, caller: Reads, failed_step: FailedStep = None) -> Response:
    """What compensate would do, step by step in order. Its `hash`, given to compensate as `plan`,
    has exactly this plan done or nothing."""
    sagas = await found(on, caller.tenant_id, any_id)
    saga = the_one_meant([one.saga for one in sagas])
    check_step(saga, failed_step)
    return reply(await planned(on, saga, failed_step))
