"""The scripts and styles of the pages: published ones as they are, and our own. No build step."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Response

from services.gateway.problems import NotThere

KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
NAMES = (
    "app.css",
    "app.js",
    "chart.js",
    "icon.svg",
    "vendor/htmx.min.js",
    "vendor/hx-sse.min.js",
    "vendor/uPlot.iife.min.js",
    "vendor/uPlot.min.css",
)
FOR_EVER = "public, max-age=31536000, immutable"
router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class File:
    """`version`: what its address has, so that a browser asks once for each version."""

    content: bytes
    kind: str
    version: str


@cache
def all_files() -> Mapping[str, File]:
    """By name, read once."""
    folder = files("services.gateway.dashboard") / "static"
    return {name: _file(name, folder.joinpath(name).read_bytes()) for name in NAMES}


def address(name: str) -> str:
    """Where a page finds it. KeyError for a name that there is not."""
    return f"/dashboard/static/{name}?v={all_files()[name].version}"


@router.get("/dashboard/static/{name:path}")
async def static(name: str, v: str = "") -> Response:
    """Of an older version's address the newest file, which is not to be kept."""
    file = all_files().get(name)
    if file is None:
        raise NotThere("NO_SUCH_FILE", "there is no such file")
    kept = FOR_EVER if v == file.version else "no-cache"
    return Response(file.content, media_type=file.kind, headers={"Cache-Control": kept})


def _file(name: str, content: bytes) -> File:
    return File(content, KINDS[name.rpartition(".")[2]], hashlib.sha256(content).hexdigest()[:12])
