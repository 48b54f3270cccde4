"""What may be asked of the projection, each question with the index that answers it in order.

A question reads its index from its first match to its last and sorts nothing; every order ends
with `_id`, so that a page can go on after the last document of the one before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from saga_state.document import Saga, statuses
from saga_state.facts import searchable
from saga_state.status import ENDED

Keys = Sequence[tuple[str, int]]
Place = tuple[datetime, str]  # a document's place in a list: the time it is ordered by, its `_id`
UP, DOWN = 1, -1
UNENDED = frozenset(statuses()) - ENDED
MOST_SKEW = timedelta(hours=1)  # how far the clock of a producer may be ahead of those of the steps


def _index(*fields: str, last: str) -> Keys:
    return (("tenant_id", UP), *((field, UP) for field in fields), (last, DOWN), ("_id", DOWN))


SAGA_INDEXES: Mapping[str, Keys] = {
    "of_partner": _index("partner_id", last="initiated_at"),
    "of_correlation": _index("correlation_id", last="initiated_at"),
    "of_partner_hash": _index("partner_hash", last="initiated_at"),
    "by_failure_code": _index("failure.code", last="updated_at"),
    "by_step": _index("current_step", last="updated_at"),
    "by_status": _index("status", last="updated_at"),
    "by_update": _index(last="updated_at"),
    "by_journey": _index("journey", last="initiated_at"),
    "by_start": _index(last="initiated_at"),
    "by_due": (("tenant_id", UP), ("due_at", UP), ("_id", UP)),
}
# Few sagas fail, few are under way: of the others these indexes know nothing, so that they cost
# them no write.
INDEX_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "by_failure_code": {"partialFilterExpression": {"failure.code": {"$exists": True}}},
    "by_due": {"partialFilterExpression": {"due_at": {"$type": "date"}}},
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

    The latest updated come first. The latest started come first where it is asked by journey,
    partner_hash or start (`by_start` asks so without another condition); such a list leaves out
    what was never started. With `due_before` what is due longest comes first. `after`: the place
    of the last saga of the page before, by the field that `order_of_list` names.
    """

    status: str | None = None
    step: str | None = None
    journey: str | None = None
    failure_code: str | None = None
    partner_hash: str | None = None
    updated_from: datetime | None = None
    updated_until: datetime | None = None
    started_from: datetime | None = None
    started_until: datetime | None = None
    due_before: datetime | None = None
    by_start: bool = False
    after: Place | None = None


def order_of_list(wanted: Wanted) -> str:
    """The field whose time orders that list: `updated_at`, `initiated_at` or `due_at`."""
    return SAGA_INDEXES[_hint(wanted)][-2][0]


def of_any_id(tenant_id: str, text: str) -> tuple[Query, Query]:
    """The sagas of a partner, and those of a correlation; the latest started first."""
    return (
        _exact(tenant_id, "partner_id", text, "of_partner"),
        _exact(tenant_id, "correlation_id", searchable(text), "of_correlation"),
    )


def of_partner_hash(tenant_id: str, text: str) -> Query:
    """The sagas of an e-mail address, by its hash; the latest started first."""
    return _exact(tenant_id, "partner_hash", text, "of_partner_hash")


def timeline(tenant_id: str, saga_id: str) -> Query:
    """The events of a saga, in the order of their times."""
    return Query(
        {"tenant_id": tenant_id, "saga_id": saga_id}, "of_saga", EVENT_INDEXES["of_saga"][-2:]
    )


def listed(tenant_id: str, wanted: Wanted) -> Query:
    """The list that is wanted: by the narrowest index; other conditions are checked on the way."""
    hint = _hint(wanted)
    order = SAGA_INDEXES[hint][-2:]
    clauses = [{"tenant_id": tenant_id, **_equal(wanted)}, *_between(wanted)]
    if order[0][0] != "updated_at":
        clauses.append({order[0][0]: {"$type": "date"}})
    if wanted.after is not None:
        clauses += beyond(*order[0], wanted.after)
    return Query({"$and": clauses}, hint, order)


def under_way(tenant_id: str, journey: str) -> Query:
    """The sagas of a journey that have not ended: those few are found by their statuses, each read
    in order, merged."""
    wanted = {"tenant_id": tenant_id, "status": {"$in": sorted(UNENDED)}, "journey": journey}
    return Query(wanted, "by_status", SAGA_INDEXES["by_status"][-2:])


def waiting_for_a_person(tenant_id: str) -> Query:
    """The sagas in which a step, or the undo of one, is parked: they have not ended."""
    parked = {"steps.state": {"$in": ["parked", "undo_parked"]}}
    wanted = {"tenant_id": tenant_id, "status": {"$in": sorted(UNENDED)}, **parked}
    return Query(wanted, "by_status", SAGA_INDEXES["by_status"][-2:])


def beginning_with(tenant_id: str, text: str) -> tuple[Query, ...]:
    """The sagas one of whose ids begins with a text, a question for each kind of id."""
    of_ids = {"_id": "_id_", "partner_id": "of_partner", "correlation_id": "of_correlation"}
    return tuple(
        Query(
            {"tenant_id": tenant_id, field: {"$gte": text, "$lt": f"{text}\U0010ffff"}},
            hint,
            ((field, UP),),
        )
        for field, hint in of_ids.items()
    )


def changed_since(tenant_id: str, wanted: Wanted, time: datetime) -> Query:
    """The sagas that were there at that time and have changed since, to be judged as they stood.

    What never changes of a saga is asked for here. The least updated come first: one that changes
    while the list is read is met again at its end, and never missed.
    """
    asked = _equal(Wanted(journey=wanted.journey, partner_hash=wanted.partner_hash))
    there = [{"initiated_at": {"$lte": time + MOST_SKEW}}, {"initiated_at": None}]
    hint = "of_partner_hash" if wanted.partner_hash is not None else "by_update"
    order = [(field, UP) for field, _ in SAGA_INDEXES[hint][-2:]]
    return Query(
        {"tenant_id": tenant_id, **asked, "updated_at": {"$gt": time}, "$or": there}, hint, order
    )


def to_be_acted_in() -> Query:
    """The sagas of all tenants in which a step must act: of one that has ended the index says null,
    and passes over it."""
    some = {"$gte": ""}
    return Query({"tenant_id": some, "current_step": some}, "by_step", SAGA_INDEXES["by_step"])


def unchanged(step: str, before: datetime) -> Query:
    """The sagas of all tenants that wait for a step, and have not changed since that time."""
    wanted = {"tenant_id": {"$gte": ""}, "current_step": step, "updated_at": {"$lt": before}}
    return Query(wanted, "by_step", SAGA_INDEXES["by_step"])


def is_wanted(wanted: Wanted, saga: Saga) -> bool:
    """Whether the list that is wanted has this saga, wherever its pages begin."""
    failure = saga["failure"]
    fields: Mapping[str, Any] = {**saga, "failure.code": failure["code"] if failure else None}
    start, end, at = wanted.updated_from, wanted.updated_until, saga["updated_at"]
    return (
        all(fields[field] == value for field, value in _equal(wanted).items())
        and (start is None or start <= at)
        and (end is None or at < end)
    )


def stuck(tenant_id: str) -> list[Query]:
    """The sagas that have not ended, a question for each status: the longest unchanged first."""
    order = [(field, UP) for field, _ in SAGA_INDEXES["by_status"][-2:]]
    return [
        Query({"tenant_id": tenant_id, "status": status}, "by_status", order)
        for status in sorted(UNENDED)
    ]


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


def _hint(wanted: Wanted) -> str:
    asked = _equal(wanted)
    if "partner_hash" in asked:
        return "of_partner_hash"
    if wanted.due_before is not None:
        return "by_due"
    if _asks_by_start(wanted):
        return "by_journey" if "journey" in asked else "by_start"
    return next((name for field, name in _NARROWEST_FIRST.items() if field in asked), "by_update")


def _asks_by_start(wanted: Wanted) -> bool:
    return wanted.by_start or bool(wanted.started_from or wanted.started_until)


def _between(wanted: Wanted) -> list[Mapping[str, Any]]:
    bounds = (
        ("updated_at", "$gte", wanted.updated_from),
        ("updated_at", "$lt", wanted.updated_until),
        ("initiated_at", "$gte", wanted.started_from),
        ("initiated_at", "$lt", wanted.started_until),
        ("due_at", "$lt", wanted.due_before),
    )
    return [{field: {how: at}} for field, how, at in bounds if at is not None]


def beyond(field: str, direction: int, after: Place) -> list[Mapping[str, Any]]:
    """What comes after a place. The first clause bounds the index, the second is exact."""
    at, id_ = after
    beyond = "$lt" if direction == DOWN else "$gt"
    exact = [{field: {beyond: at}}, {field: at, "_id": {beyond: id_}}]
    return [{field: {f"{beyond}e": at}}, {"$or": exact}]


_NARROWEST_FIRST = {
    "failure.code": "by_failure_code",
    "current_step": "by_step",
    "status": "by_status",
    "journey": "by_journey",
}
