"""Hides passwords in what is shown."""

import re

_USER_INFO = re.compile(r"//.*@")  # to the last @: a password may hold any sign, escaped or not


def masked(uri: str) -> str:
    """An address without user, password and options."""
    return _USER_INFO.sub("//***@", uri).partition("?")[0]
