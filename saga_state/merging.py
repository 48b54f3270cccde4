"""How facts are merged: any order and any repetition of the same records give the same.

What is kept of a set is always its smallest by some fixed order (of one identity the earliest
record, of one kind the earliest MOST_OF_A_KIND), and that does not depend on the way there. Of
parkings and wishes the latest of a kind are kept, as it is the last that tells where a step stands:
there the same identity at another time is another fact, or the way would matter. The limits are for
floods: no saga can outgrow a MongoDB document (16 MiB).

A saga belongs to the tenant of its start (the saga's id is derived from it), and what others say
of it is dropped. Before the start is seen, every tenant is kept to its side.
"""

from collections.abc import Iterable, Iterator
from heapq import nlargest, nsmallest

from saga_state.document import Fact, FactsByKind, Origin, Saga, Side, Sides
from saga_state.facts import record_order
from saga_state.notes import Note
from saga_state.parked import ON_DEAD_LETTERS

MOST_OF_A_KIND = 32
MOST_SIDES = 4  # that claim a saga without a start


def merged(sides: Sides, note: Note) -> Sides:
    """The sides with what the event says; the same object if it says nothing new."""
    tenant, origin = note["tenant_id"], note["origin"]
    side = sides.get(tenant)
    if side is None:
        facts = _with_fact({}, note)
        return _kept(sides, tenant, {"origin": origin, "facts": facts})
    facts = _with_fact(side["facts"], note)
    if _order(origin) >= _order(side["origin"]):
        origin = side["origin"]
    if facts is side["facts"] and origin is side["origin"]:
        return sides
    return _kept(sides, tenant, {"origin": origin, "facts": facts})


def notes_in(saga: Saga) -> Iterator[Note]:
    """What a stored document still knows: merged, it gives its `sides` again."""
    for tenant_id, side in saga["sides"].items():
        for of_kind in side["facts"].values():
            for key, fact in of_kind.items():
                yield {
                    "saga_id": saga["_id"],
                    "tenant_id": tenant_id,
                    "identity": identity_in(key),
                    "origin": side["origin"],
                    "fact": fact,
                }


def first_side(sides: Sides) -> tuple[str, Side]:
    """Whose saga it is: the tenant with its side."""
    return min(sides.items(), key=_order_of_side)


def _with_fact(by_kind: FactsByKind, note: Note) -> FactsByKind:
    fact = note["fact"]
    kind = f"{fact['type']}/{fact['step']}" if "step" in fact else fact["type"]
    key = _key(fact, note["identity"])
    of_kind = by_kind.get(kind, {})
    known = of_kind.get(key)
    if known is not None and record_order(known) <= record_order(fact):
        return by_kind
    kept = _limited({**of_kind, key: fact}.items(), fact["type"])
    return {**by_kind, kind: kept} if key in kept else by_kind


def _key(fact: Fact, identity: str) -> str:
    if fact["type"] not in ON_DEAD_LETTERS:
        return identity
    return f"{identity}@{int(fact['time'].timestamp() * 1000)}"


def identity_in(key: str) -> str:
    """The identity in a key under which a fact is kept."""
    return key.partition("@")[0]


def _limited(of_kind: Iterable[tuple[str, Fact]], name: str) -> dict[str, Fact]:
    chosen = nlargest if name in ON_DEAD_LETTERS else nsmallest
    return dict(chosen(MOST_OF_A_KIND, of_kind, key=lambda item: (item[1]["time"], item[0])))


def _kept(sides: Sides, tenant: str, side: Side) -> Sides:
    """With that side, but for those that a start, or the limit, leaves out."""
    known = {**sides, tenant: side}
    if len(known) == 1:
        return known
    most = 1 if any(other["origin"]["started"] for other in known.values()) else MOST_SIDES
    kept = dict(nsmallest(most, known.items(), key=_order_of_side))
    return sides if kept == sides else kept


def _order_of_side(item: tuple[str, Side]) -> tuple[bool, tuple[object, ...], str]:
    tenant, side = item
    return (*_order(side["origin"]), tenant)


def _order(origin: Origin) -> tuple[bool, tuple[object, ...]]:
    return not origin["started"], record_order(origin)
