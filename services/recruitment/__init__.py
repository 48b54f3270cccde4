"""The recruitment service: hears CampaignsEnabled, says RecruitmentSetupCompleted."""

from contracts import ids
from contracts.events import CampaignsEnabled, RecruitmentSetupCompleted
from services.recruitment.rules import (
    RecruitmentRules,
    note_of,
    preferences_asked,
    unavailable,
    workspace_for,
)
from services.runtime.step import Done, Effects, Outcome, Rejected, StepService


def set_up(event: CampaignsEnabled, effects: Effects[RecruitmentRules]) -> Outcome:
    """A workspace with what was asked for, where there is recruitment."""
    no = unavailable(event.partner, effects.rules)
    if no is not None:
        return no
    wish = event.wishes.recruitment_preferences
    number = ids.number("WS-", effects.context.saga_id)
    workspace = workspace_for(preferences_asked(wish), event.contract, number)
    if isinstance(workspace, Rejected):
        return workspace
    says = RecruitmentSetupCompleted(
        partner=event.partner, contract=event.contract, workspace=workspace
    )
    return Done(says, workspace.model_dump(mode="json") | note_of(wish) | {"state": "READY"})


STEP = StepService(
    name="recruitment",
    handler=set_up,
    rules=RecruitmentRules,
    says_no_with=("SEATS_EXCEEDED", "NOT_AVAILABLE_IN_COUNTRY"),
    outside_no=Rejected("SEATS_EXCEEDED", "The recruitment platform refused the workspace."),
)
