"""Text of anybody on a terminal, which is told nothing but by us."""

import re

_ACTED_ON = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def harmless(text: str) -> str:
    """Without control characters, but ends of lines and tabs, and without those that turn the way
    of writing."""
    return _ACTED_ON.sub("\N{REPLACEMENT CHARACTER}", text)


def escaped(json_text: str) -> str:
    """The same JSON, with these escaped."""
    return _ACTED_ON.sub(lambda found: f"\\u{ord(found[0]):04x}", json_text)
