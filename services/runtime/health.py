"""The health pages of a process: /livez, /readyz, /metrics, on one port of its own."""

import errno
import socket
from pathlib import Path

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.runtime import metrics
from services.runtime.settings import Settings, SettingsError
from services.runtime.vitals import Vitals


async def start_health(service: str, settings: Settings, vitals: Vitals) -> web.AppRunner:
    """Serve the pages; the address goes to ONBOARDING_HEALTH_FILE. Call `cleanup()` to end.

    SettingsError if the host and port of the settings cannot be listened on.
    """

    metrics.begin(service, settings.fail_stops)

    async def livez(_request: web.Request) -> web.Response:
        return web.json_response({"status": "pass"})

    async def readyz(_request: web.Request) -> web.Response:
        body = {
            "status": "pass" if vitals.ready else "fail",
            "joined": vitals.joined,
            "waiting_for": vitals.missing,
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
    await _listen(runner, settings)
    host, port = runner.addresses[0][:2]
    if settings.health_file is not None:
        write_whole(settings.health_file, f"http://{host}:{port}")
    return runner


async def _listen(runner: web.AppRunner, settings: Settings) -> None:
    host, port = settings.health_host, settings.health_port
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        if (refusal := listen_refusal("HEALTH", host, port, error)) is None:
            raise
        raise SettingsError(refusal) from None


def listen_refusal(name: str, host: str, port: int, error: OSError) -> str | None:
    """Why we cannot listen as ONBOARDING_<name>_HOST and _PORT say, in one line; None: it is not
    for them."""
    if error.errno == errno.EADDRINUSE:
        return (
            f"ONBOARDING_{name}_PORT: {port} is in use on {host}; choose another, or 0: a free one"
        )
    if error.errno == errno.EACCES:
        return f"ONBOARDING_{name}_PORT: {port} is not for this user; choose one above 1023, or 0"
    # From 3.13 on asyncio gives no number when no address of the host could be bound.
    if isinstance(error, socket.gaierror) or error.errno in (errno.EADDRNOTAVAIL, None):
        return f"ONBOARDING_{name}_HOST: {host} is no address of this machine to listen on"
    return None


def write_whole(path: Path, text: str) -> None:
    """In one step, so that nobody reads half an address."""
    draft = path.with_suffix(".draft")
    draft.write_text(text)
    draft.replace(path)
