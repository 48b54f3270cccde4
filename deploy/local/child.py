"""One child process: what it is, how it is started on a leash, and how it is ended."""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
READY_SECONDS = 120.0  # a start of Kafka took 64 s on a machine that was busy with other things
Ready = Callable[[], Awaitable[bool]]


@dataclass(frozen=True)
class Child:
    """`env` is its whole environment; `ready` is asked until it says yes (None: at once).

    It has `ready_seconds` from its start until then, or is reported.
    `after` names the children that must be ready before it starts and that outlive it.
    With `restart=False` its death is the death of the stack.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    ready: Ready | None = None
    ready_seconds: float = READY_SECONDS
    restart: bool = True
    stop_grace_seconds: float = 10.0
    after: tuple[str, ...] = ()
    cwd: Path | None = None


async def spawn(child: Child, log: Path) -> asyncio.subprocess.Process:
    """Start it in a session of its own (so that Ctrl-C reaches us only), its output in `log`."""
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *child.argv,
            env=dict(child.env),
            cwd=child.cwd,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=leash(os.getpid()),
        )


async def run(argv: tuple[str, ...], env: Mapping[str, str]) -> tuple[int, str]:
    """Run a command to its end, on the same leash: its exit code and the last of what it wrote."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        env=dict(env),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        preexec_fn=leash(os.getpid()),
    )
    try:
        output, _ = await process.communicate()
    finally:
        await end(process, grace_seconds=5)
    return await process.wait(), output.decode(errors="replace")[-4000:]


def leash(parent: int) -> Callable[[], None] | None:
    """What a child runs before exec so that the kernel kills it when `parent` dies, even by -9.

    The C function is looked up before the fork: after it, only the call itself is safe. The
    kernel watches the thread that forked, so the event loop's thread must be one that stays.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4

    def hold() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before the call above: no signal would ever come
            os.kill(os.getpid(), signal.SIGKILL)

    return hold


async def end(process: asyncio.subprocess.Process, grace_seconds: float) -> None:
    """SIGTERM, and after the grace SIGKILL to all of its session."""
    if process.returncode is not None:
        return
    # os.kill, for Popen's own method may reap the child under asyncio, which then calls it lost
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), grace_seconds)
    except TimeoutError:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def tail(log: Path, lines: int = 20) -> str:
    """The last lines of a log, at most 8 KiB of them; empty if there is none."""
    if not log.exists():
        return ""
    with log.open("rb") as content:
        content.seek(max(0, log.stat().st_size - 8192))
        return "\n".join(content.read().decode(errors="replace").splitlines()[-lines:])
