"""The rules of contracts: which types there are, for whom, and what may be negotiated."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Annotated, get_args

from pydantic import BaseModel, ConfigDict, Field

from contracts.facts import (
    Channel,
    ContractKind,
    ContractTerms,
    ContractType,
    JobKind,
    Level,
    Money,
    PartnerKind,
    Seats,
)
from services.runtime.step import Rejected

CHANNELS: tuple[Channel, ...] = get_args(Channel)
JOB_KINDS: tuple[JobKind, ...] = get_args(JobKind)
KINDS: Mapping[str, ContractKind] = {"partner-creation": "ALLIANCE"}  # of other journeys ONBOARDING

_LARGEST_AMOUNT = Decimal("9999999999999.99")  # what contracts.facts.Money holds
_MOST_SEATS = Decimal(1_000_000)  # what contracts.facts.Seats holds


class Terms(BaseModel):
    """What both sides owe each other; amounts in the currency of the rules."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    commission: Annotated[Decimal, Field(ge=0, le=1)] = Field(description="A share, 0 to 1.")
    liability_limit: Money = Field(description="The most one side is liable for.")
    payment_days: int = Field(ge=1, le=36_500, description="Days until an invoice is due.")
    months: int = Field(ge=1, le=1_200, description="How long the contract runs.")
    monthly_budget: Money = Field(description="The most for campaigns in a month.")
    seats: Seats = Field(description="Seats in the recruitment workspace.")


class Offer(BaseModel):
    """A row of the table of contracts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    partner_kinds: tuple[PartnerKind, ...] = Field(description="Who may have it.")
    level: Level = Field(description="The level of document verification.")
    channels: tuple[Channel, ...] = Field(description="Channels for campaigns.")
    job_kinds: tuple[JobKind, ...] = Field(description="Kinds of jobs for recruitment.")
    terms: Terms | None = Field(default=None, description="None: negotiated with each partner.")


def _offer(kinds: str, level: Level, channels: int, jobs: int, terms: Terms | None) -> Offer:
    """A row with the first `channels` and `jobs`: each type gives what the one above gives."""
    given = {"partner_kinds": kinds.split(), "level": level, "terms": terms}
    return Offer(**given, channels=CHANNELS[:channels], job_kinds=JOB_KINDS[:jobs])


def _terms(*values: str | int) -> Terms:
    return Terms(**dict(zip(Terms.model_fields, values, strict=True)))


# fmt: off
_ALL = "INDIVIDUAL EMPRESA STARTUP"
# docs/rules.md, "Tables": the terms are commission, liability limit, payment days, months, monthly
# budget, seats.
_OFFERS: Mapping[ContractType, Offer] = {
    # type                 for               level   channels, job kinds, terms
    "BASIC":      _offer(_ALL,              "BASIC",    1, 1,
                         _terms("0.05", "10000.00", 30, 12, "1000.00", 1)),
    "STANDARD":   _offer(_ALL,              "STANDARD", 2, 2,
                         _terms("0.08", "50000.00", 30, 12, "10000.00", 3)),
    "PREMIUM":    _offer("EMPRESA STARTUP", "ENHANCED", 3, 3,
                         _terms("0.10", "250000.00", 45, 24, "50000.00", 10)),
    "ENTERPRISE": _offer("EMPRESA",         "PREMIUM",  4, 3,
                         _terms("0.12", "1000000.00", 60, 36, "250000.00", 50)),
    "CUSTOM":     _offer("EMPRESA",         "PREMIUM",  4, 3, None),
}
# fmt: on


class ContractRules(BaseModel):
    """The table of contracts and the limits of negotiation (docs/rules.md, "Tables")."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    offers: Mapping[ContractType, Offer] = Field(
        default=_OFFERS, description="The contracts on offer; a type without a row is not."
    )
    currency: str = Field(
        default="USD", pattern=r"^[A-Z]{3}$", description="Of every amount (ISO 4217)."
    )
    commission_max: Decimal = Field(
        default=Decimal(1), ge=0, le=1, description="The highest commission of a CUSTOM contract."
    )
    payment_days_max: int = Field(
        default=120, ge=1, le=36_500, description="The longest payment of a CUSTOM contract, days."
    )
    months_max: int = Field(
        default=60, ge=1, le=1_200, description="The longest a CUSTOM contract runs, months."
    )


@dataclass(frozen=True, slots=True)
class Range:
    """Which numbers are good: from least to most, with at most so many decimals."""

    least: int
    most: Decimal
    decimals: int

    def __str__(self) -> str:
        form = f"at most {self.decimals} decimals" if self.decimals else "a whole number"
        return f"{self.least} to {self.most}, {form}"


def offer_for(type_: ContractType, kind: PartnerKind, rules: ContractRules) -> Offer | Rejected:
    """The row of the table, or CONTRACT_TYPE_NOT_ALLOWED."""
    offer = rules.offers.get(type_)
    if offer is None:
        return Rejected("CONTRACT_TYPE_NOT_ALLOWED", f"{type_} contracts are not offered.")
    if kind not in offer.partner_kinds:
        kinds = " or ".join(offer.partner_kinds)
        reason = f"{type_} contracts are for partners of kind {kinds}, not {kind}."
        return Rejected("CONTRACT_TYPE_NOT_ALLOWED", reason)
    return offer


def negotiated(asked: ContractTerms | None, rules: ContractRules) -> Terms | Rejected:
    """The terms of a CUSTOM contract: all six are needed, each within its range."""
    values = (asked or ContractTerms()).model_dump(exclude_none=True)
    ranges = ranges_of(rules)
    missing = [name for name in ranges if name not in values]
    if missing:
        reason = f"A CUSTOM contract needs contract_terms with {', '.join(missing)}."
        return Rejected("TERMS_MISSING", reason)
    numbers = {name: number_in(limits, values[name]) for name, limits in ranges.items()}
    wrong = [f"{name} ({ranges[name]})" for name, number in numbers.items() if number is None]
    if wrong:
        return Rejected("TERMS_INVALID", f"Not in its range: {'; '.join(wrong)}.")
    return Terms(**numbers)


def ranges_of(rules: ContractRules) -> Mapping[str, Range]:
    """What may be negotiated, per term. A commission has hundredths of a percent."""
    return {
        "commission": Range(0, rules.commission_max, decimals=4),
        "liability_limit": Range(0, _LARGEST_AMOUNT, decimals=2),
        "payment_days": Range(1, Decimal(rules.payment_days_max), decimals=0),
        "months": Range(1, Decimal(rules.months_max), decimals=0),
        "monthly_budget": Range(0, _LARGEST_AMOUNT, decimals=2),
        "seats": Range(0, _MOST_SEATS, decimals=0),
    }


def number_in(limits: Range, value: str | int | float) -> Decimal | int | None:
    """The number as text says it, never through binary fractions; int if whole is asked for.

    None: no finite number (`NaN`, `ten`), out of range, or with more decimals than the range has.
    """
    number = _decimal(value)
    if number is None or not limits.least <= number <= limits.most:
        return None
    exact = number.quantize(Decimal(1).scaleb(-limits.decimals)) + 0  # + 0: never -0
    if exact != number:
        return None
    return exact if limits.decimals else int(exact)


def _decimal(value: str | int | float) -> Decimal | None:
    try:
        number = Decimal(value if isinstance(value, int) else str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
