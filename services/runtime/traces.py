"""Whether this process traces. Only where an endpoint is set is OpenTelemetry imported."""

from typing import TYPE_CHECKING

from services.runtime.settings import Settings, SettingsError

if TYPE_CHECKING:
    from services.runtime.tracing.spans import Tracing


def tracing_of(name: str, settings: Settings, instance: str) -> "Tracing | None":
    """The spans of a process of that service; None: ONBOARDING_OTLP_ENDPOINT is not set.

    SettingsError, one line, if OpenTelemetry cannot read its own settings.
    """
    if settings.otlp_endpoint is None:
        return None
    try:  # OpenTelemetry reads some of them when it is imported
        from services.runtime.tracing.otlp import tracing_to

        return tracing_to(settings.otlp_endpoint, name, instance)
    except (ValueError, OSError):  # what it says may have the value in it
        raise SettingsError("OTEL_*: one of these settings cannot be read") from None
