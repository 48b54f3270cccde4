"""The health pages of a process: /livez, /readyz, /metrics, on one port of its own."""

from pathlib import Path

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.runtime import metrics
from services.runtime.settings import Settings
from services.runtime.vitals import Vitals


async def start_health(service: str, settings: Settings, vitals: Vitals) -> web.AppRunner:
    """Serve the pages; the address goes to ONBOARDING_HEALTH_FILE. Call `cleanup()` to end."""

    async def livez(_request: web.Request) -> web.Response:
        return web.json_response({"status": "pass"})

    async def readyz(_request: web.Request) -> web.Response:
        body = {
            "status": "pass" if vitals.ready else "fail",
            "joined": vitals.joined,
            "waiting_for": vitals.waiting_for,
        }
        return web.json_response(body, status=200 if vitals.ready else 503)

    async def show_metrics(_request: web.Request) -> web.Response:
        metrics.READY.labels(service).set(vitals.ready)
        body = generate_latest(metrics.REGISTRY)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes(
        [
            web.get("/livez", livez),
            web.get("/readyz", readyz),
            web.get("/metrics", show_metrics),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, settings.health_host, settings.health_port).start()
    host, port = runner.addresses[0][:2]
    if settings.health_file is not None:
        _write(settings.health_file, f"http://{host}:{port}")
    return runner


def _write(path: Path, text: str) -> None:
    """In one step, so that nobody reads half an address."""
    draft = path.with_suffix(".draft")
    draft.write_text(text)
    draft.replace(path)
