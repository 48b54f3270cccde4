"""The documents service: hears ContractCreated, says DocumentsVerified."""

from collections.abc import Iterable
from datetime import UTC, date
from typing import Any

from contracts import ids
from contracts.events import ContractCreated, DocumentsVerified
from contracts.facts import Document, DocumentPackage
from services.documents.rules import (
    DocumentRules,
    DocumentTypes,
    refused,
    required_types,
    verdict,
)
from services.runtime.step import Done, Effects, Outcome, Rejected, StepService


def verify(event: ContractCreated, effects: Effects[DocumentRules]) -> Outcome:
    """A package, if of each required type that came one is good. The others count as on file."""
    wishes = event.wishes
    today = effects.now.astimezone(UTC).date()
    asked = wishes.required_documents
    required = required_types(event.partner, event.contract, asked, effects.rules)
    no = refused(required, wishes.documents, today)
    if no is not None:
        return no
    number = ids.number("DP-", effects.context.saga_id)
    package = DocumentPackage(number=number, level=event.contract.level)
    rest = wishes.model_copy(update={"required_documents": (), "documents": ()})
    says = DocumentsVerified(
        partner=event.partner, contract=event.contract, package=package, wishes=rest
    )
    came = [_judged(document, today) for document in wishes.documents]
    return Done(says, _result(package, came, _on_file(required, wishes.documents)))


def _judged(document: Document, today: date) -> dict[str, Any]:
    kept = document.model_dump(mode="json", exclude_none=True)
    return kept | {"verdict": verdict(document, today)}


def _on_file(required: DocumentTypes, documents: Iterable[Document]) -> list[dict[str, Any]]:
    came = {document.type for document in documents}
    return [{"type": type_, "verdict": "ON_FILE"} for type_ in required if type_ not in came]


def _result(
    package: DocumentPackage, came: list[dict[str, Any]], on_file: list[dict[str, Any]]
) -> dict[str, Any]:
    """The package as it is kept; `on_file`: some required document did not come."""
    kept = {"documents": came + on_file, "on_file": bool(on_file), "state": "VERIFIED"}
    return package.model_dump(mode="json") | kept


STEP = StepService(
    name="documents",
    handler=verify,
    rules=DocumentRules,
    says_no_with=("DOCUMENT_EXPIRED", "DOCUMENT_REJECTED"),
    outside_no=Rejected("DOCUMENT_REJECTED", "The document registry did not accept a document."),
)
