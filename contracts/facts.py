"""The building blocks of the events: what a producer asks for, and what the steps found."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StrictFloat,
    StrictInt,
    StrictStr,
    WithJsonSchema,
)

_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _text_only(value: object) -> object:
    """Dates come as ISO text: a number, bare or as text, would read as seconds since 1970."""
    if isinstance(value, date) or (isinstance(value, str) and _ISO_DATE.fullmatch(value)):
        return value
    raise ValueError("a date is text such as 2026-01-31")


PartnerKind = Literal["INDIVIDUAL", "EMPRESA", "STARTUP"]
ContractType = Literal["BASIC", "STANDARD", "PREMIUM", "ENTERPRISE", "CUSTOM"]
ContractKind = Literal["ONBOARDING", "ALLIANCE"]
Level = Literal["BASIC", "STANDARD", "ENHANCED", "PREMIUM"]
Channel = Literal["DISPLAY", "SEARCH", "SOCIAL", "VIDEO"]
JobKind = Literal["FREELANCE", "PART_TIME", "FULL_TIME"]
DocumentType = Literal[
    "IDENTITY",
    "BUSINESS_REGISTRATION",
    "TAX_CERTIFICATE",
    "BANK_STATEMENT",
    "FINANCIAL_STATEMENT",
    "REFERENCE_LETTER",
    "INSURANCE_CERTIFICATE",
    "COMPLIANCE_CERTIFICATE",
]
_DECIMAL_TEXT = {"type": "string", "pattern": r"^[0-9]{1,13}(\.[0-9]{1,2})?$"}
Money = Annotated[
    Decimal,
    Field(ge=0, max_digits=15, decimal_places=2),
    PlainSerializer(lambda amount: f"{abs(amount):f}", return_type=str, when_used="json"),
    WithJsonSchema({"anyOf": [_DECIMAL_TEXT, {"type": "number", "minimum": 0}]}),
]
"""An amount: decimal text on the wire (`1000`, never `1E+3` or `-0`), its currency beside it.

A JSON number is read too, because producers send some, but never written.
"""
Number = StrictStr | StrictInt | StrictFloat | None
IsoDate = Annotated[date, BeforeValidator(_text_only)]
Seats = Annotated[int, Field(ge=0, le=1_000_000, strict=True)]


class Model(BaseModel):
    """Frozen; unknown fields are ignored on reading, so that a writer may add some.

    Infinity and NaN are refused: JSON has none, and nothing can be counted with them.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Document(Model):
    """A document as the producer has it. It is judged by the documents step, not here."""

    type: DocumentType
    number: str = Field(max_length=200)
    issued_on: IsoDate | None = None
    expires_on: IsoDate | None = None


class ContractTerms(Model):
    """Negotiated terms of a CUSTOM contract, as asked for; the contract step judges them."""

    commission: Number = None
    liability_limit: Number = None
    payment_days: Number = None
    months: Number = None
    monthly_budget: Number = None
    seats: Number = None


class CampaignPermissions(Model):
    """The channels and the monthly budget a partner asks for; absent: all the contract gives."""

    channels: tuple[str, ...] | None = Field(default=None, max_length=50)
    monthly_budget: Money | None = None


class RecruitmentPreferences(Model):
    """The seats and job kinds a partner asks for; absent: all the contract gives."""

    seats: Seats | None = None
    job_kinds: tuple[str, ...] | None = Field(default=None, max_length=50)


class Wishes(Model):
    """What the producer asked of the steps still to come; each step hands on the rest."""

    preferred_contract_type: ContractType | None = Field(
        default=None, description="Absent: STANDARD."
    )
    contract_terms: ContractTerms | None = None
    required_documents: tuple[DocumentType, ...] = Field(default=(), max_length=50)
    documents: tuple[Document, ...] = Field(default=(), max_length=100)
    campaign_permissions: str | CampaignPermissions | None = None
    recruitment_preferences: str | RecruitmentPreferences | None = None


class PartnerData(Wishes):
    """`partner_data` of a start, as real producers send it."""

    nombre: str = Field(description="Name of the partner; any text that is not empty.")
    email: str = Field(description="One living partner per e-mail address and tenant.")
    telefono: str = Field(description="E.164 after normalising: a plus and 7 to 15 digits.")
    tipo_partner: PartnerKind | None = Field(
        default=None,
        description="Required for partner-onboarding; INDIVIDUAL for partner-creation.",
    )
    direccion: str | None = None
    ciudad: str | None = None
    pais: str | None = Field(default=None, description="ISO 3166-1 alpha-2.")
    partner_id: str | None = Field(
        default=None, description="Given: [A-Za-z0-9._-]{1,64}. Absent: derived from the start."
    )
    correlation_id: str | None = None


class Partner(Model):
    """Who is onboarded, without personal data."""

    partner_id: str
    kind: PartnerKind
    country: str | None = None


class Contract(Model):
    """What the contract gives."""

    number: str
    kind: ContractKind
    type: ContractType
    level: Level
    channels: tuple[Channel, ...]
    monthly_budget: Money
    currency: str
    seats: Seats
    job_kinds: tuple[JobKind, ...]


class DocumentPackage(Model):
    """The verified documents."""

    number: str
    level: Level


class CampaignAccount(Model):
    """The enabled campaign account."""

    number: str
    channels: tuple[Channel, ...]
    monthly_budget: Money
    currency: str


class Workspace(Model):
    """The recruitment workspace."""

    number: str
    seats: Seats
    job_kinds: tuple[JobKind, ...]
