"""The rules of documents: which are required, and which are good."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.facts import Contract, ContractType, Document, DocumentType, Partner, PartnerKind
from services.runtime.step import Rejected

Verdict = Literal["VERIFIED", "EXPIRED", "REJECTED"]
DocumentTypes = tuple[DocumentType, ...]

_FULL_SCRUTINY: DocumentTypes = (
    "FINANCIAL_STATEMENT",
    "INSURANCE_CERTIFICATE",
    "COMPLIANCE_CERTIFICATE",
)
_REASONS: Mapping[Verdict, tuple[str, str]] = {
    "EXPIRED": ("DOCUMENT_EXPIRED", "expired"),
    "REJECTED": ("DOCUMENT_REJECTED", "without a number, or expired before it was issued"),
}


class DocumentRules(BaseModel):
    """The required documents (docs/rules.md, "Tables"); a kind or type without a row adds none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    required_of_kind: Mapping[PartnerKind, DocumentTypes] = Field(
        default={
            "INDIVIDUAL": ("IDENTITY",),
            "STARTUP": ("IDENTITY", "BUSINESS_REGISTRATION"),
            "EMPRESA": ("IDENTITY", "BUSINESS_REGISTRATION", "TAX_CERTIFICATE"),
        },
        description="What each kind of partner must have.",
    )
    added_by_contract: Mapping[ContractType, DocumentTypes] = Field(
        default={
            "PREMIUM": ("BANK_STATEMENT",),
            "ENTERPRISE": _FULL_SCRUTINY,
            "CUSTOM": _FULL_SCRUTINY,
        },
        description="What each type of contract requires besides.",
    )


def required_types(
    partner: Partner, contract: Contract, asked: DocumentTypes, rules: DocumentRules
) -> DocumentTypes:
    """The required set, each type once. What the producer asks for adds, never takes away."""
    of_kind = rules.required_of_kind.get(partner.kind, ())
    of_contract = rules.added_by_contract.get(contract.type, ())
    return tuple(dict.fromkeys((*of_kind, *of_contract, *asked)))


def verdict(document: Document, today: date) -> Verdict:
    """A document is good through the whole day it expires on."""
    issued, expires = document.issued_on, document.expires_on
    if not document.number.strip() or (issued and expires and expires < issued):
        return "REJECTED"
    return "EXPIRED" if expires and expires < today else "VERIFIED"


def refused(required: DocumentTypes, documents: Iterable[Document], today: date) -> Rejected | None:
    """The "no" of the first required type whose documents came and of which none is good.

    A good one suffices: a renewed identity card is good beside the old one. A document that is
    not required has a verdict, but is no reason for a "no".
    """
    found: dict[DocumentType, list[Verdict]] = {}
    for document in documents:
        found.setdefault(document.type, []).append(verdict(document, today))
    for type_ in required:
        verdicts = found.get(type_, ["VERIFIED"])
        if "VERIFIED" not in verdicts:
            code, reason = _REASONS[verdicts[0]]
            return Rejected(code, f"The required document {type_} is {reason}.")
    return None
