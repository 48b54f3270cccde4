"""From what is asked for to the Kafka messages; what a service would not read is not sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from contracts.envelope import Context, Message, Record, source_of
from contracts.journey import JOURNEYS, Journey
from contracts.journey import journey_named as named
from contracts.poison import PoisonError
from contracts.starting import Asked, start_context, start_message
from services.cli.errors import USAGE, CliError
from services.cli.options import Output
from services.cli.start_input import BadLineError, Wish
from services.runtime.settings import Settings

STDIN = "-"
SOURCE = source_of("cli")


@dataclass(frozen=True, slots=True)
class Order:
    """A file (`-`: stdin), or partner data by flags; and what holds for all of it."""

    file: str | None
    partner_data: dict[str, Any]
    journey: str
    tenant: str
    correlation_id: str | None
    output: Output
    dry_run: bool
    wait_seconds: float | None

    @property
    def waits(self) -> bool:
        return self.wait_seconds is not None and not self.dry_run


@dataclass(frozen=True, slots=True)
class Ready:
    """A start that can be sent, with its ids; `email` as it was given, if it is text."""

    message: Message
    context: Context
    place: str
    email: str | None

    @property
    def row(self) -> dict[str, str]:
        """What a person or a program needs to ask for it later."""
        context = self.context
        return {
            "saga_id": context.saga_id,
            "partner_id": context.partner_id,
            "correlation_id": context.correlation_id,
        }


def journey_named(text: str, settings: Settings) -> Journey:
    """`partner-onboarding`, in the version of the settings, or with one: `partner-onboarding/1`."""
    if journey := named(text, settings.journey_version):
        return journey
    known = ", ".join(journey.label for journey in JOURNEYS.values())
    raise CliError(f"--journey {text}: it is one of {known}", USAGE)


def ready(wish: Wish, journey: Journey, tenant: str, settings: Settings) -> Ready:
    """The message for a wish. BadLineError if the services would put it aside as poison."""
    correlation_id = wish.correlation_id
    asked = Asked(wish.partner_data, SOURCE, journey, str(uuid4()), tenant, correlation_id)
    try:
        message = start_message(asked, datetime.now(UTC), settings.prefix)
        settings.reader().read(_record(message))
    except PoisonError as error:
        raise BadLineError(f"{wish.place}: {error}") from None
    except (TypeError, ValueError):  # an integer over 64 bits, or half a surrogate pair
        raise BadLineError(f"{wish.place}: a value has no JSON form that all can read") from None
    email = wish.partner_data.get("email")
    known = email if isinstance(email, str) else None
    return Ready(message, start_context(asked), wish.place, known)


def all_ready(
    wishes: Sequence[Wish], journey: Journey, tenant: str, settings: Settings
) -> tuple[list[Ready], list[str]]:
    """The messages, and what is wrong with the others."""
    made: list[Ready] = []
    bad: list[str] = []
    first: dict[str, Ready] = {}
    for wish in wishes:
        try:
            one = ready(wish, journey, tenant, settings)
            _check_same(first.setdefault(one.message.event_id, one), one)
            made.append(one)
        except BadLineError as error:
            bad.append(str(error))
    return made, bad


def _check_same(first: Ready, one: Ready) -> None:
    """One correlation id is one saga: with other data it would be refused (ID_REUSED)."""
    if first.message.value != one.message.value:
        text = f"{one.place}: the correlation_id of {first.place}, with other data"
        raise BadLineError(text)


def _record(message: Message) -> Record:
    return Record(message.topic, 0, 0, message.key, message.value, message.headers, 0)
