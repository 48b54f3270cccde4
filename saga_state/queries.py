"""What may be asked of the projection, each question with the index that answers it in order.

A question reads its index from its first match to its last and sorts nothing; every order ends
with `_id`, so that a page can go on after the last document of the one before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from saga_state.facts import searchable

Keys = Sequence[tuple[str, int]]
Place = tuple[datetime, str]  # a document's place in a list: the time it is ordered by, its `_id`
UP, DOWN = 1, -1


def _index(*fields: str, last: str, way: int) -> Keys:
    return (("tenant_id", UP), *((field, UP) for field in fields), (last, way), ("_id", way))


SAGA_INDEXES: Mapping[str, Keys] = {
    "of_partner": _index("partner_id", last="initiated_at", way=DOWN),
    "of_correlation": _index("correlation_id", last="initiated_at", way=DOWN),
    "of_partner_hash": _index("partner_hash", last="initiated_at", way=DOWN),
    "by_failure": _index("failure.code", last="updated_at", way=DOWN),
    "by_step": _index("current_step", last="updated_at", way=DOWN),
    "by_status": _index("status", last="updated_at", way=DOWN),
    "by_update": _index(last="updated_at", way=DOWN),
    "by_start": _index(last="initiated_at", way=DOWN),
    "by_due": _index(last="due_at", way=UP),
}
EVENT_INDEXES: Mapping[str, Keys] = {
    "of_saga": (("tenant_id", UP), ("saga_id", UP), ("time", UP), ("_id", UP)),
}


@dataclass(frozen=True, slots=True)
class Query:
    """A filter with the index it goes by, and the order it comes in."""

    filter: Mapping[str, Any]
    hint: str
    sort: Keys


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sagas of a tenant a list is to show; None: no matter. Times: from <= t < until.

    The latest updated come first. With a time of the start (and none of the update) it is the
    latest started, and sagas without a start are left out. `after`: the place of the last saga
    of the page before, by the field that `order_of_list` names.
    """

    status: str | None = None
    step: str | None = None
    journey: str | None = None
    failure_code: str | None = None
    partner_hash: str | None = None
    started_from: datetime | None = None
    started_until: datetime | None = None
    updated_from: datetime | None = None
    updated_until: datetime | None = None
    after: Place | None = None


def order_of_list(wanted: Wanted) -> str:
    """The field whose time orders that list: `updated_at` or `initiated_at`."""
    return SAGA_INDEXES[_hint(_equal(wanted), wanted)][-2][0]


def of_any_id(tenant_id: str, text: str) -> tuple[Query, Query]:
    """The sagas of a partner, and those of a correlation; the latest started first."""
    return (
        _exact(tenant_id, "partner_id", text, "of_partner"),
        _exact(tenant_id, "correlation_id", searchable(text), "of_correlation"),
    )


def of_partner_hash(tenant_id: str, text: str) -> Query:
    """The sagas of an e-mail address, by its hash; the latest started first."""
    return _exact(tenant_id, "partner_hash", text, "of_partner_hash")


def overdue(tenant_id: str, now: datetime) -> Query:
    """Sagas whose current step should have answered by now; the longest overdue first."""
    filter_ = {"tenant_id": tenant_id, "due_at": {"$lt": now}}
    return Query(filter_, "by_due", SAGA_INDEXES["by_due"][-2:])


def timeline(tenant_id: str, saga_id: str) -> Query:
    """The events of a saga, in the order of their times."""
    return Query(
        {"tenant_id": tenant_id, "saga_id": saga_id}, "of_saga", EVENT_INDEXES["of_saga"][-2:]
    )


def listed(tenant_id: str, wanted: Wanted) -> Query:
    """The list that is wanted: by the narrowest index; other conditions are checked on the way."""
    asked = _equal(wanted)
    hint = _hint(asked, wanted)
    order = SAGA_INDEXES[hint][-2:]
    clauses: list[Mapping[str, Any]] = [{"tenant_id": tenant_id, **asked}, *_between(wanted)]
    if wanted.after is not None:
        clauses += _beyond(order[0][0], wanted.after)
    return Query({"$and": clauses}, hint, order)


def _exact(tenant_id: str, field: str, text: str, hint: str) -> Query:
    return Query({"tenant_id": tenant_id, field: text}, hint, SAGA_INDEXES[hint][-2:])


def _equal(wanted: Wanted) -> dict[str, str]:
    equal = {
        "partner_hash": wanted.partner_hash,
        "failure.code": wanted.failure_code,
        "current_step": wanted.step,
        "status": wanted.status,
        "journey": wanted.journey,
    }
    return {field: value for field, value in equal.items() if value is not None}


def _hint(asked: Mapping[str, Any], wanted: Wanted) -> str:
    if "partner_hash" in asked:
        return "of_partner_hash"
    by_start = wanted.started_from or wanted.started_until
    if by_start and not (wanted.updated_from or wanted.updated_until):
        return "by_start"
    for field, name in _NARROWEST_FIRST.items():
        if field in asked:
            return name
    return "by_update"


def _between(wanted: Wanted) -> list[Mapping[str, Any]]:
    bounds = {
        ("initiated_at", "$gte"): wanted.started_from,
        ("initiated_at", "$lt"): wanted.started_until,
        ("updated_at", "$gte"): wanted.updated_from,
        ("updated_at", "$lt"): wanted.updated_until,
    }
    return [{field: {how: at}} for (field, how), at in bounds.items() if at is not None]


def _beyond(field: str, after: Place) -> list[Mapping[str, Any]]:
    """What comes after a place. The first clause bounds the index, the second is exact."""
    at, id_ = after
    exact = [{field: {"$lt": at}}, {field: at, "_id": {"$lt": id_}}]
    return [{field: {"$lte": at}}, {"$or": exact}]


_NARROWEST_FIRST = {
    "failure.code": "by_failure",
    "current_step": "by_step",
    "status": "by_status",
}
