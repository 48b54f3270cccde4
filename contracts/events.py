"""The ten events of the journeys. Their names are fixed; their meaning never changes.

A progress event carries what the steps after it need, so that no service reads another's
database; what the step itself made stands after what came before it. To change an event, see
CONTRIBUTING.md: an optional field, or a new version.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from contracts.facts import (
    CampaignAccount,
    Contract,
    DocumentPackage,
    Model,
    Partner,
    PartnerData,
    Wishes,
    Workspace,
)

TEN_YEARS_SECONDS = (
    315_360_000  # the longest; infinity would overflow the deadlines counted from it
)
UndoOutcome = Literal["undone", "nothing_to_undo", "resolved_by_operator"]


class EventData(Model):
    """The data of an event; `VERSION` is the N of its type `com.hexabuilders….<Name>.v<N>`."""

    VERSION: ClassVar[int] = 1


class Progress(EventData):
    """A step was done."""

    partner: Partner
    answer_within_seconds: float | None = Field(
        default=None,
        gt=0,
        le=TEN_YEARS_SECONDS,
        description="What the sayer gives the next step to answer.",
    )


class PartnerOnboardingInitiated(EventData):  # read leniently: see reading.py
    """A producer asks for a partner to be onboarded."""

    partner_data: PartnerData
    correlation_id: str | None = None


class PartnerRegistrationCompleted(Progress):
    """The partner is registered."""

    wishes: Wishes = Wishes()


class ContractCreated(Progress):
    """The contract (or alliance) is active."""

    contract: Contract
    wishes: Wishes = Wishes()


class DocumentsVerified(Progress):
    """The required documents are verified."""

    contract: Contract
    package: DocumentPackage
    wishes: Wishes = Wishes()


class CampaignsEnabled(Progress):
    """The campaign account is enabled."""

    contract: Contract
    campaign_account: CampaignAccount
    wishes: Wishes = Wishes()


class RecruitmentSetupCompleted(Progress):
    """The recruitment workspace is ready."""

    contract: Contract
    workspace: Workspace


class PartnerOnboardingCompleted(EventData):
    """The last step of the journey was done."""

    partner_id: str
    last_step: str


class PartnerOnboardingFailed(EventData):
    """A step said no, or ran out of time."""

    failed_step: str
    code: str
    reason: str


class CompensationRequested(EventData):
    """What was done is to be undone. `failed_step` null: a person asks, all steps undo."""

    failed_step: str | None
    code: str
    reason: str
    requested_by: str

    @model_serializer(mode="wrap")
    def _null_is_said(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Null means "undo everything", so it is written, though nulls are left out elsewhere."""
        return {"failed_step": None, **write(self)}


class CompensationCompleted(EventData):
    """A step has undone its work, or had nothing to undo."""

    step: str
    outcome: UndoOutcome


Events = Mapping[tuple[str, int], type[EventData]]


def events_of(*models: type[EventData]) -> Events:
    """The models by (event name, version)."""
    return MappingProxyType({(model.__name__, model.VERSION): model for model in models})


EVENTS = events_of(
    PartnerOnboardingInitiated,
    PartnerRegistrationCompleted,
    ContractCreated,
    DocumentsVerified,
    CampaignsEnabled,
    RecruitmentSetupCompleted,
    PartnerOnboardingCompleted,
    PartnerOnboardingFailed,
    CompensationRequested,
    CompensationCompleted,
)


def event_names() -> tuple[str, ...]:
    """Every event name once, in the order of a journey."""
    return tuple(dict.fromkeys(name for name, _ in EVENTS))
