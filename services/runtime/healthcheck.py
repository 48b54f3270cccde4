"""Asks a process of this machine how it is.

    python -m services.runtime.healthcheck [livez|readyz]

For images without curl, every few seconds: it reads two settings and imports little. Exit codes:
0 it says 200, 1 it says anything else, or nothing within two seconds, 2 wrong usage.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address

HOST, PORT = "ONBOARDING_HEALTH_HOST", "ONBOARDING_HEALTH_PORT"
LOOPBACK = {4: "127.0.0.1", 6: "::1"}
PAGES = ("livez", "readyz")
ANSWER_SECONDS = 2.0


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """The exit code; one line on standard error if it is not 0."""
    page = arguments[0] if arguments else PAGES[0]
    host, port = environ.get(HOST, ""), environ.get(PORT, "")
    if page not in PAGES or len(arguments) > 1:
        return _ends(f"usage: python -m services.runtime.healthcheck [{'|'.join(PAGES)}]", 2)
    if not port.isdecimal() or int(port) == 0:
        return _ends(f"{PORT}: name the port that the process listens on", 2)
    try:
        status = _status(asked_at(host), int(port), page)
    except (OSError, HTTPException) as error:
        return _ends(f"/{page}: {type(error).__name__}", 1)
    return 0 if status == 200 else _ends(f"/{page}: {status}", 1)


def asked_at(host: str) -> str:
    """Who listens on all addresses is asked on one of their family: `::` is IPv6 alone, as asyncio
    has it."""
    try:
        told = ip_address(host)
    except ValueError:  # a name, or nothing
        return host or LOOPBACK[4]
    return LOOPBACK[told.version] if told.is_unspecified else host


def _status(host: str, port: int, page: str) -> int:
    connection = HTTPConnection(host, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", f"/{page}")
        return connection.getresponse().status
    finally:
        connection.close()


def _ends(line: str, code: int) -> int:
    sys.stderr.write(f"{line}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
