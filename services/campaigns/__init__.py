"""The campaigns service: hears DocumentsVerified, says CampaignsEnabled."""

from contracts import ids
from contracts.events import CampaignsEnabled, DocumentsVerified
from services.campaigns.rules import CampaignRules, account_for, note_of, permissions_asked
from services.runtime.step import Done, Effects, Outcome, Rejected, StepService


def enable(event: DocumentsVerified, effects: Effects[CampaignRules]) -> Outcome:
    """A campaign account with what was asked for, if the contract gives that much."""
    wish = event.wishes.campaign_permissions
    number = ids.number("CA-", effects.context.saga_id)
    account = account_for(permissions_asked(wish), event.contract, number)
    if isinstance(account, Rejected):
        return account
    says = CampaignsEnabled(
        partner=event.partner,
        contract=event.contract,
        campaign_account=account,
        wishes=event.wishes.model_copy(update={"campaign_permissions": None}),
    )
    return Done(says, account.model_dump(mode="json") | note_of(wish) | {"state": "ENABLED"})


STEP = StepService(
    name="campaigns",
    handler=enable,
    rules=CampaignRules,
    says_no_with=("CHANNEL_NOT_ALLOWED", "CAMPAIGN_LIMIT_EXCEEDED"),
    outside_no=Rejected("CAMPAIGN_LIMIT_EXCEEDED", "The campaign platform refused the account."),
)
