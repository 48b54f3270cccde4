"""What one process is called: its record in MongoDB, its lease of the sweeps, its traces."""

import os
import secrets
import socket


def new_instance() -> str:
    """`host:number:letters`, anew each time. Host and number alone are not enough: the first
    process of every container has the number 1, and with the network of the host its name."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"


def has_ended_here(instance: str) -> bool:
    """Whether it ran on this machine, and its number is nobody's any more. Older versions have no
    letters."""
    host, _, rest = instance.partition(":")
    number = rest.partition(":")[0]
    if host != socket.gethostname() or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # somebody else's, and alive
        pass
    return False
