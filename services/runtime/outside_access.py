"""How a step reaches its outside system, as the settings have it."""

import ssl
from dataclasses import dataclass, field

from services.runtime.settings import PREFIX, Settings, SettingsError
from services.runtime.step import StepService


@dataclass(frozen=True, slots=True)
class Access:
    """Where it is; the key that is sent as a bearer token; whom TLS trusts."""

    url: str
    api_key: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | bool = True


def access_of(step: StepService, settings: Settings) -> Access | None:
    """None: no address is set, and the step decides by itself. SettingsError, one line, if the
    step has no outside system, or its file of authorities is none."""
    name = f"{PREFIX}{step.name.upper()}"
    url, ca_file = settings.url_of(step.name), settings.ca_file_of(step.name)
    if url is None:
        return None
    if step.outside_no is None:
        raise SettingsError(f"{name}_URL: {step.name} has no outside system; unset it")
    if not url.startswith("https:"):
        return Access(url, settings.api_key_of(step.name), tls=False)
    try:
        tls = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        raise SettingsError(f"{name}_CA_FILE: is no file of certificates (PEM)") from None
    return Access(url, settings.api_key_of(step.name), tls)
