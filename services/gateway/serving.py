"""Serves the app over HTTP (uvicorn): one listener, heads that must come in time, a gentle end."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from services.gateway.ground import Ground
from services.gateway.guards import Guards
from services.gateway.sites import only_from_here
from services.runtime.health import listen_refusal, write_whole
from services.runtime.settings import Settings, SettingsError

HEAD_SECONDS, HEAD_MAX_BYTES, TAKE_SECONDS = 10.0, 32_768, 30.0
KEEP_ALIVE_SECONDS, CONNECTIONS_MAX, BACKLOG = 30, 5_000, 2_048
END_SECONDS = 15
ANSWER_SLACK = 1.5  # a start has its own limit, and says more when that is over
log = structlog.get_logger()


class Patient(H11Protocol):
    """Hangs up on whoever does not send a whole head in time, or take its answer, as uvicorn alone
    would not."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._waiting = self.loop.call_later(HEAD_SECONDS, self._hang_up)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()

    def on_response_complete(self) -> None:
        """Also where the connection is to be closed: what is left of an answer is to be taken."""
        super().on_response_complete()
        self._stop_waiting()
        self._waiting = self.loop.call_later(HEAD_SECONDS + KEEP_ALIVE_SECONDS, self._hang_up)

    def pause_writing(self) -> None:
        """Whoever asks does not read: neither an answer nor a stream is kept for it for ever."""
        super().pause_writing()
        self._stop_waiting()
        self._waiting = self.loop.call_later(TAKE_SECONDS, self._hang_up)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _hang_up(self) -> None:
        self.transport.abort()

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The process has its own."""
        yield


async def serve(app: FastAPI, ground: Ground, stop: asyncio.Event) -> None:
    """Until `stop`; then no new requests, and those that are under way have some seconds.

    SettingsError, one line, if it cannot listen as the settings say."""
    settings = ground.settings
    server = _Server(_config(_guarded(app, ground), settings))
    with _listening(settings) as listener:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(server.serve([listener]))
            ended = tasks.create_task(stop.wait())
            _tell_address(listener, settings)
            ground.vitals.joined = True
            await asyncio.wait({running, ended}, return_when=asyncio.FIRST_COMPLETED)
            ground.stopping.set()
            server.should_exit = True
            ended.cancel()


def _listening(settings: Settings) -> socket.socket:
    host, port = settings.gateway_host, settings.gateway_port
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        if (line := listen_refusal("GATEWAY", host, port, error)) is None:
            raise
        raise SettingsError(line) from None


def _tell_address(listener: socket.socket, settings: Settings) -> None:
    host, port = listener.getsockname()[:2]
    scheme = "https" if settings.gateway_cert_file else "http"
    url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
    log.info("gateway.listening", url=url)
    if settings.gateway_file is not None:
        write_whole(settings.gateway_file, url)


def _guarded(app: FastAPI, ground: Ground) -> ASGIApp:
    settings, is_open = ground.settings, ground.settings.auth == "off"
    guards = Guards(
        app,
        settings.gateway_body_max_bytes,
        settings.gateway_answer_seconds * ANSWER_SLACK,
        count_open=None if is_open else ground.rates.count_open,
        check_site=only_from_here(settings.gateway_origins) if is_open else None,
    )
    if ground.tracing is None:
        return guards
    from services.gateway.traced import Traced

    return Traced(guards, ground.tracing)


def _config(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    config = uvicorn.Config(
        app,
        http=Patient,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.gateway_proxies),
        forwarded_allow_ips=sorted(settings.gateway_proxies),
        h11_max_incomplete_event_size=HEAD_MAX_BYTES,
        limit_concurrency=CONNECTIONS_MAX,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=END_SECONDS,
        ssl_certfile=settings.gateway_cert_file,
        ssl_keyfile=settings.gateway_key_file,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError):
        line = "are no certificate and key that belong together (PEM)"
        names = "ONBOARDING_GATEWAY_CERT_FILE, ONBOARDING_GATEWAY_KEY_FILE"
        raise SettingsError(f"{names}: {line}") from None
    return config
