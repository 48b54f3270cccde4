"""Health: whether this process lives and can serve, and how the whole is."""

from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.gateway.access import Reads
from services.gateway.answers import Alive, HealthAnswer
from services.gateway.ground import On
from services.runtime.metrics import READY, REGISTRY

router = APIRouter(tags=["operations"])
_OPEN = {"x-open": True}


@router.get("/livez", response_model=Alive, openapi_extra=_OPEN)
async def livez() -> dict[str, str]:
    """Whether the process lives; no server needs to."""
    return {"status": "pass"}


@router.get("/readyz", response_model=Alive, openapi_extra=_OPEN)
@router.get("/health", response_model=Alive, openapi_extra=_OPEN)
async def readyz(on: On, response: Response) -> dict[str, str]:
    """Whether it can serve: Kafka and MongoDB answer. 503 if not, within ten seconds."""
    response.status_code = 200 if on.vitals.ready else 503
    return {"status": "pass" if on.vitals.ready else "fail"}


@router.get("/metrics", openapi_extra={"responses": {"200": {"content": {"text/plain": {}}}}})
async def show_metrics(on: On, _caller: Reads) -> Response:
    """For Prometheus; the same without a key on the health port of the process."""
    READY.labels("gateway").set(on.vitals.ready)
    return Response(generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})


@router.get("/sagas/health", response_model=HealthAnswer)
async def health(on: On, _caller: Reads) -> dict[str, Any]:
    """The servers, and each service: who lives, their partitions, how far behind they are."""
    seen = await on.looks.health(on.now())
    return {"status": seen.status, "checks": seen.checks}
