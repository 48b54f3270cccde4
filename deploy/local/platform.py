"""A sandbox of the outside systems of documents, campaigns and recruitment, as one HTTP process.

    python -m deploy.local.platform --port N --log FILE [--host H] [--api-key K]

    PUT    /<step>/<saga id>   do: 200; 422 with a problem body: no; 410: it was undone before
    DELETE /<step>/<saga id>   undo: 204, also where there is nothing to undo
    GET    /<step>/<saga id>   what became of it: created, refused, removed or blocked; else 404
    POST   /faults             tell a fault (platform_faults.py); GET shows all, DELETE ends all
    GET    /livez

PUT and DELETE carry Idempotency-Key: <saga id>:<step>:<do|undo>; the body of a PUT is a JSON
object with partner_id. What was done is in FILE (platform_effects.py), and is read at the start.
It listens on 127.0.0.1 unless told otherwise. Exit codes: 0 told to stop, 1 the port or FILE cannot
be had, 2 FILE is no log of effects, or wrong usage.
"""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from aiohttp import web

from deploy.local.platform_app import build_app
from deploy.local.platform_effects import Effects, LogRefusedError
from deploy.local.ports import LOOPBACK

STOP_SECONDS = 0.5


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the exit code."""
    given = _parser().parse_args(arguments)
    try:
        effects = Effects(given.log, partial(datetime.now, UTC))
        asyncio.run(_serve(build_app(effects, given.api_key), given.host, given.port))
    except LogRefusedError as error:
        return _ends(str(error), 2)
    except OSError as error:
        return _ends(f"{error.filename or f'port {given.port}'}: {error.strerror}", 1)
    return 0


async def _serve(app: web.Application, host: str, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        sys.stdout.write(f"http://{host}:{runner.addresses[0][1]}\n")
        sys.stdout.flush()
        await stop.wait()
    finally:
        await runner.cleanup()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.platform")
    parser.add_argument("--port", type=int, required=True, help="0: a free one; it is printed")
    parser.add_argument("--host", default=LOOPBACK, help="where it listens")
    parser.add_argument("--log", type=Path, required=True, help="file of effects, made if need be")
    parser.add_argument("--api-key", help="ask for it as a bearer token")
    return parser


def _ends(line: str, code: int) -> int:
    sys.stderr.write(f"{line}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
