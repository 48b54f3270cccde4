"""Whether an event model still keeps to the shape under which it was published.

Both directions count, because old and new programs run side by side during an upgrade and sagas
take days. jsoncompat compares a closed writer's schema (it writes no more than it declares) with
an open reader's (it ignores what it does not know). What jsoncompat does not judge (a property
that went away, another default, format or pattern) is compared place by place.
"""

import json
from collections.abc import Iterator
from typing import Any

from contracts.json_schemas import Schema

_WORDS = frozenset({"$id", "$schema", "title", "description"})
_COMPARED = ("format", "pattern")
_MAPS = ("properties", "$defs")


def shape(schema: Any) -> Any:
    """The schema without what only people read."""
    if isinstance(schema, list):
        return [shape(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        word: {name: shape(item) for name, item in value.items()} if word in _MAPS else shape(value)
        for word, value in schema.items()
        if word not in _WORDS
    }


def breaks(published: Schema, current: Schema) -> list[str]:
    """In which ways the current shape breaks the published one; empty: it may replace it."""
    import jsoncompat  # a development dependency: services never compare schemas

    found = []
    old, new = json.dumps(published), json.dumps(current)
    if not jsoncompat.check_compat(old, json.dumps(_closed(current)), "serializer"):
        found.append("a program that knows the published schema cannot read what is written now")
    if not jsoncompat.check_compat(json.dumps(_closed(published)), new, "deserializer"):
        found.append("what was written by the published schema cannot be read now")
    return found + _changed(published, current)


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {word: _closed(value) for word, value in schema.items()}
    return {**closed, "additionalProperties": False} if _is_object(schema) else closed


def _is_object(schema: Schema) -> bool:
    return schema.get("type") == "object" and isinstance(schema.get("properties"), dict)


def _changed(published: Schema, current: Schema) -> list[str]:
    old, new = set(_places(published, published)), set(_places(current, current))
    kept = {path for path, _ in old & new}
    gone = sorted({path for path, _ in old} - {path for path, _ in new})
    other = sorted({f"{path}: {what}" for path, what in old ^ new if what and path in kept})
    return [f"{path} went away" for path in gone] + [f"{text} was changed" for text in other]


def _places(
    node: Schema, root: Schema, path: str = "data", above: tuple[str, ...] = ()
) -> Iterator[tuple[str, str]]:
    """(path, "") for each property, (path, "default null") for what is compared there."""
    yield path, ""
    yield from ((path, f"{word} {node[word]}") for word in _COMPARED if word in node)
    yield from _defaults(node["default"], path) if "default" in node else ()
    for name, item in node.get("properties", {}).items():
        yield from _places(item, root, f"{path}.{name}", above)
    for branch in node.get("anyOf", ()):
        yield from _places(branch, root, path, above)
    if isinstance(node.get("items"), dict):
        yield from _places(node["items"], root, f"{path}[]", above)
    target = str(node.get("$ref", "")).removeprefix("#/$defs/")
    if target and target not in above:
        yield from _places(root["$defs"][target], root, path, (*above, target))


def _defaults(default: Any, path: str) -> Iterator[tuple[str, str]]:
    """Member by member, so that an object may gain a member that has a default."""
    if not isinstance(default, dict):
        yield path, f"default {json.dumps(default)}"
        return
    for name, member in default.items():
        yield from _defaults(member, f"{path}.{name}")
