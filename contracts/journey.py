"""The journeys a partner can make, step by step. Start reading here.

Nobody coordinates a journey. Each step is a service of its own (`services/<step>/`) that hears
the event of the step before it and says the next one; the last step also says
PartnerOnboardingCompleted. A step that answers "no" says PartnerOnboardingFailed and, if a step
came before it, CompensationRequested: the steps before it then undo what they did, in reverse
order, each when it hears CompensationCompleted of its successor. A step that is too late says the
same of itself, and of one that is silent the step before it does. A person may ask for it too, of
a journey that is completed as well.

The tables below describe. Services use them only to know their neighbours. To add a step or to
change a journey, add a journey with the next version; sagas under way finish on the version
they started with (CONTRIBUTING.md, "Add a step").
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

COMPLETED = "PartnerOnboardingCompleted"  # said by the last step, together with its own event


@dataclass(frozen=True, slots=True)
class Step:
    """One row: a step hears `hears`, does its work, says `says`; then the saga has `status`.

    `undo` says in words what undoing does. `timeout_seconds` is how long the step has to answer,
    unless ONBOARDING_<STEP>_TIMEOUT_SECONDS or ONBOARDING_STEP_TIMEOUT_SECONDS say otherwise.
    """

    name: str
    hears: str
    says: str
    undo: str
    status: str
    timeout_seconds: int = 30


@dataclass(frozen=True)
class Journey:
    """The steps of one version of a journey, in order."""

    name: str
    version: int
    steps: tuple[Step, ...]

    @property
    def label(self) -> str:
        """The journey as the `ce_journey` header has it: `partner-onboarding/1`."""
        return f"{self.name}/{self.version}"

    @cached_property  # asked several times for each event
    def step_names(self) -> tuple[str, ...]:
        return tuple(step.name for step in self.steps)

    @property
    def first(self) -> Step:
        return self.steps[0]

    @property
    def last(self) -> Step:
        return self.steps[-1]

    def step(self, name: str) -> Step | None:
        """The row of that name; None if the journey has no such step."""
        return next((step for step in self.steps if step.name == name), None)

    def sayer_of(self, event: str) -> Step | None:
        """The step that alone says the event of that name; None: no step of the journey."""
        if event == COMPLETED:
            return self.last
        for step in self.steps:  # of every event that is read: a generator would cost twice as much
            if step.says == event:
                return step
        return None

    def before(self, name: str) -> Step | None:
        """The step whose event `name` waits for; None before the first."""
        index = self.step_names.index(name)
        return self.steps[index - 1] if index else None

    def after(self, name: str) -> Step | None:
        """The step that waits for `name`; None after the last."""
        index = self.step_names.index(name)
        return self.steps[index + 1] if index + 1 < len(self.steps) else None


# fmt: off
PARTNER_ONBOARDING_1 = Journey("partner-onboarding", 1, (
    # step           hears                           says                           undo in words
    #                status after the step, timeout
    Step("registration", "PartnerOnboardingInitiated",   "PartnerRegistrationCompleted",
         "delete the partner, free the e-mail",          "PARTNER_REGISTERED",   30),
    Step("contract",     "PartnerRegistrationCompleted", "ContractCreated",
         "cancel the contract",                          "CONTRACT_CREATED",     30),
    Step("documents",    "ContractCreated",              "DocumentsVerified",
         "revoke the verified documents",                "DOCUMENTS_VERIFIED",   30),
    Step("campaigns",    "DocumentsVerified",            "CampaignsEnabled",
         "disable the campaign account",                 "CAMPAIGNS_ENABLED",    30),
    Step("recruitment",  "CampaignsEnabled",             "RecruitmentSetupCompleted",
         "remove the recruitment workspace",             "RECRUITMENT_SETUP",    30),
))

# Here the contract is of kind ALLIANCE; its number is the alliance_id.
PARTNER_CREATION_1 = Journey("partner-creation", 1, (
    Step("registration", "PartnerOnboardingInitiated",   "PartnerRegistrationCompleted",
         "delete the partner, free the e-mail",          "PARTNER_REGISTERED",   30),
    Step("contract",     "PartnerRegistrationCompleted", "ContractCreated",
         "cancel the alliance",                          "CONTRACT_CREATED",     30),
))
# fmt: on

DEFAULT_JOURNEY = "partner-onboarding"  # of a start that names none
Journeys = Mapping[tuple[str, int], Journey]


def journeys_of(*journeys: Journey) -> Journeys:
    """The journeys by (name, version)."""
    return MappingProxyType({(journey.name, journey.version): journey for journey in journeys})


JOURNEYS = journeys_of(PARTNER_ONBOARDING_1, PARTNER_CREATION_1)


def journey_named(text: str, version: int, journeys: Journeys = JOURNEYS) -> Journey | None:
    """Of a label, or of a name alone: in that version, or in the newest one before it, for not
    every journey has each. None: there is none."""
    for journey in journeys.values():
        if journey.label == text:
            return journey
    known = [one for one in journeys.values() if one.name == text and one.version <= version]
    return max(known, key=lambda one: one.version, default=None)


def rows_of(step: str, journeys: Iterable[Journey]) -> list[tuple[Journey, Step]]:
    """Every journey in which the step has a part, with its row there."""
    found = ((journey, journey.step(step)) for journey in journeys)
    return [(journey, row) for journey, row in found if row is not None]
