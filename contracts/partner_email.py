"""The one normalised form of an e-mail address, which registration and the projection share."""

import unicodedata

from email_validator import EmailNotValidError, validate_email

_LONGEST = 320  # RFC 5321 allows 254; to parse 250,000 characters takes a quarter of a second


def normalised_email(text: str) -> str | None:
    """The address as a key: casefolded, NFC, its domain in IDNA's ASCII form. None: not valid.

    The part before the @ is casefolded too, although RFC 5321 (2.4) lets a mail server tell
    `Ana@` from `ana@`: none in use does, and one living partner per address must not be had twice
    by typing a capital. It is a key to compare by; mail goes to the address as it was sent.

    Only the syntax is looked at, no DNS. Domains for examples and tests (`.example`, `.test`) are
    good; those that no mail ever reaches (`.invalid`, `.local`, `.localhost`, `.onion`) are not.
    """
    trimmed = text.strip()
    if len(trimmed) > _LONGEST:
        return None
    try:
        found = validate_email(trimmed, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    local_part = unicodedata.normalize("NFC", found.local_part.casefold())
    return f"{local_part}@{found.ascii_domain}"
