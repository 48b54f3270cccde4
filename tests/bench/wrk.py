"""Runs wrk, a load generator in C, and reads what it measured.

A request costs it less than 0.2 ms of CPU, so it can stand beside what it measures on two cores.
"""

import asyncio
import json
import resource
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PROGRAM = "wrk"
ANSWER_SECONDS, GRACE_SECONDS = 20, 60
Headers = Mapping[str, str]


@dataclass(frozen=True)
class Measured:
    """`errors`: answers above 399, broken connections, no answer in 20 s. `cpu_seconds`: wrk's."""

    requests: int
    errors: int
    seconds: float
    p50_ms: float
    p99_ms: float
    cpu_seconds: float

    @property
    def rate(self) -> float:
        """Requests a second that were answered well."""
        return (self.requests - self.errors) / self.seconds


def asking(paths: Sequence[str], headers: Headers, pause_seconds: float = 0) -> str:
    """A script that asks for these in turn, with that pause between an answer and a request, give
    or take a half, so that the connections do not ask all at once."""
    told = f"local paths, turn = {_lua(list(paths))}, 0\nlocal headers = {_lua(headers)}\n"
    told += _ASK
    if pause_seconds:
        ms = round(pause_seconds * 1000)
        told += f"function delay() return math.random({ms // 2}, {ms + ms // 2}) end\n"
    return told


def posting(path: str, headers: Headers, body: str, prefix: str) -> str:
    """A script that posts a body in which NUMBER is another text each time."""
    before, after = body.split("NUMBER")
    parts = _lua([path, before + prefix, after])
    return f"local parts, turn = {parts}, 0\nlocal headers = {_lua(headers)}\n{_POST}"


async def run(url: str, script: str, connections: int, seconds: int) -> Measured:
    """AssertionError if it fails."""
    with tempfile.TemporaryDirectory(prefix="onboarding-wrk-") as folder:
        file = Path(folder) / "script.lua"
        file.write_text(script + _DONE)
        sizes = (f"-c{connections}", f"-d{seconds}s", "-t1", f"--timeout={ANSWER_SECONDS}s")
        before = _cpu_of_children()
        lines = await _output((PROGRAM, *sizes, "-s", str(file), url), seconds + GRACE_SECONDS)
        spent = _cpu_of_children() - before
    told = json.loads(lines.rpartition("FIGURES ")[2])
    return Measured(**told, cpu_seconds=spent)


async def _output(command: Sequence[str], seconds: float) -> str:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    try:
        async with asyncio.timeout(seconds):
            out, error = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert b"FIGURES" in out, f"wrk failed: {error.decode()[-300:]}"
    return out.decode()


def _cpu_of_children() -> float:
    """Of those that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _lua(value: Headers | Sequence[str]) -> str:
    """As a table of texts; what JSON quotes in ASCII, Lua reads alike but for \\u and \\/."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"[{json.dumps(n)}]={json.dumps(t)}" for n, t in value.items()) + "}"
    return "{" + ", ".join(map(json.dumps, value)) + "}"


_ASK = """
function request()
  turn = turn % #paths + 1
  return wrk.format("GET", paths[turn], headers)
end
"""
_POST = """
function request()
  turn = turn + 1
  return wrk.format("POST", parts[1], headers, parts[2] .. turn .. parts[3])
end
"""
_DONE = """
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    'FIGURES {"requests": %d, "errors": %d, "seconds": %.3f, "p50_ms": %.3f, "p99_ms": %.3f}',
    summary.requests, e.connect + e.read + e.write + e.status + e.timeout,
    summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
"""
