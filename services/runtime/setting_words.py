"""What pydantic says of a wrong value, in the words of a person."""

import re

_PLAIN = (
    (r"^Value error, ", ""),
    (r"^Input should be a valid integer.*", "must be a whole number"),
    (r"^Input should be a valid number.*", "must be a number"),
    (r"^Input should be a valid (dictionary|mapping).*", "must be a JSON object"),
    (r"^Input should be a valid (list|tuple).*", "must be a JSON array"),
    (r"^Input should be a valid string.*", "must be text"),
    (r"^Input should be greater than or equal to (\S+)", r"must be \1 or more"),
    (r"^Input should be less than or equal to (\S+)", r"must be \1 or less"),
    (r"^String should match pattern ", "must match the pattern "),
    (r"^(Input|String) should ", "must "),
    (r"^Field required", "is missing"),
    (r"^Extra inputs are not permitted", "is not known"),
)


def plain_words(complaint: str) -> str:
    """What pydantic says of a wrong value, in the words of a person."""
    for pattern, words in _PLAIN:
        complaint = re.sub(pattern, words, complaint)
    return complaint
