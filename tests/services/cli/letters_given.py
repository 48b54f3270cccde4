"""What stands on dead letter topics: made by the services' own code, and by persons."""

from dataclasses import replace
from datetime import UTC, datetime

from contracts.envelope import Context, Message, Record, binary, source_of
from contracts.operator import RedriveRequested, ResolveRequested, StepParked
from contracts.poison import PoisonError
from contracts.reading import Reader
from services.letters.letter import Letter, letters_in
from services.runtime.dead_letters import dead_letter

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
STARTS = "onboarding.partner-onboarding-initiated"
SECRET = "ana@secret.example"
MADE = {StepParked: "campaigns", RedriveRequested: "cli", ResolveRequested: "cli"}


class Topics:
    """Dead letter topics of one partition each."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def add(self, message: Message, partition: int = 0) -> Record:
        at = sum((one.topic, one.partition) == (message.topic, partition) for one in self.records)
        made = Record(
            message.topic, partition, at, message.key, message.value, tuple(message.headers), 0
        )
        self.records.append(made)
        return made

    def poison(self, offset: int = 0, service: str = "registration", **changes: object) -> Record:
        """A start that cannot be read, at that offset of its topic."""
        headers = (("ce_type", b"x"), ("phone", b"+34600000000"), ("nothing", None))
        value = b'{"partner_data": {"email": "%s", "tipo_partner": "EMPRESA"}}' % SECRET.encode()
        stood = Record(
            STARTS, 2, offset, SECRET.encode(), value, headers, 1_772_445_600_000 + offset
        )
        error = PoisonError("UNKNOWN_TYPE", "ce_type is not one of ours")
        return self.add(dead_letter(replace(stood, **changes), service, error))

    def bug(self) -> Record:
        stood = Record(STARTS, 2, 0, b"k", b"{}", (), 0)
        return self.add(dead_letter(stood, "campaigns", PoisonError("BUG", "ValueError at x.py:1")))

    def parked(self, number: int = 0, state: str = "parked", saga: str = "saga-1") -> Record:
        data = StepParked(step="campaigns", state=state, where="ValueError at x.py:1", attempts=3)
        return self.add(operated(data, f"parked-{number}", saga))

    def wish(self, kind=RedriveRequested, saga: str = "saga-1", tenant: str = "default") -> Record:
        data = kind(step="campaigns", reason="mended", requested_by="ana")
        return self.add(operated(data, "wish", saga, tenant))

    def letters(self) -> list[Letter]:
        return letters_in(self.records, Reader())


def operated(data, event_id: str, saga: str, tenant: str = "default") -> Message:
    context = Context(saga, tenant, "p-1", "corr-1", "partner-onboarding", 1)
    source = source_of(MADE[type(data)])
    return binary("onboarding.campaigns.dlq", event_id, source, NOW, data, context)
