"""The rules of campaigns: the channels and the budget asked for are within the contract."""

from decimal import Decimal
from typing import get_args

from pydantic import BaseModel, ConfigDict

from contracts.facts import CampaignAccount, CampaignPermissions, Channel, Contract
from services.runtime.step import Rejected

CHANNELS: tuple[Channel, ...] = get_args(Channel)
_CENT = Decimal("0.01")


class CampaignRules(BaseModel):
    """No numbers of their own: every limit comes with the contract."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def permissions_asked(wish: str | CampaignPermissions | None) -> CampaignPermissions:
    """A text that names a channel asks for it; any other text, like none, for everything."""
    if isinstance(wish, CampaignPermissions):
        return wish
    return CampaignPermissions(channels=(wish,)) if wish in CHANNELS else CampaignPermissions()


def note_of(wish: str | CampaignPermissions | None) -> dict[str, str]:
    """The text that names no channel (producers send `can_create_campaigns`), to be kept."""
    return {"note": wish} if isinstance(wish, str) and wish not in CHANNELS else {}


def account_for(
    asked: CampaignPermissions, contract: Contract, number: str
) -> CampaignAccount | Rejected:
    """The account: what is asked for, no more; an empty list of channels gives none."""
    channels, budget = asked.channels, asked.monthly_budget
    beyond = _channels_beyond(channels or (), contract)
    if beyond:
        return Rejected("CHANNEL_NOT_ALLOWED", beyond)
    if budget is not None and budget > contract.monthly_budget:
        return Rejected("CAMPAIGN_LIMIT_EXCEEDED", _budget_beyond(budget, contract))
    return CampaignAccount(
        number=number,
        channels=tuple(one for one in contract.channels if channels is None or one in channels),
        monthly_budget=contract.monthly_budget if budget is None else _in_cents(budget),
        currency=contract.currency,
    )


def _channels_beyond(asked: tuple[str, ...], contract: Contract) -> str | None:
    """Channels we do not know are counted, not named: their text is the producer's own."""
    beyond = set(asked) - set(contract.channels)
    known = [channel for channel in CHANNELS if channel in beyond]
    if not beyond:
        return None
    unknown = len(beyond) - len(known)
    named = ", ".join([*known, *([f"{unknown} of unknown name"] if unknown else [])])
    gives = ", ".join(contract.channels) or "none"
    return f"Channels not in the {contract.type} contract: {named}; it gives {gives}."


def _budget_beyond(budget: Decimal, contract: Contract) -> str:
    return (
        f"A monthly budget of {_in_cents(budget)} {contract.currency} is above"
        f" the {_in_cents(contract.monthly_budget)} of the {contract.type} contract."
    )


def _in_cents(amount: Decimal) -> Decimal:
    """One text per amount: `1E+3` and `1000` both read `1000.00`."""
    return amount.quantize(_CENT)
