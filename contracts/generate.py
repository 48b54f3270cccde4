"""`python -m contracts.generate [--check]`: the files that are made from journeys and events.

The events are those of the journeys and those of operators (contracts/operator.py).

schemas/            the JSON Schema of each event as it is now
schemas/published/  its shape at each time that it changed; never overwritten, all of them binding
examples/           one whole message per event, frozen when it was made
asyncapi.json       all topics, messages, senders and receivers

A change that breaks a published shape is refused: add a new version of the event instead. (A
shape that was made but never committed may be deleted by hand.)
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from contracts.asyncapi import asyncapi
from contracts.compatibility import breaks, shape
from contracts.events import EVENTS, EventData, Events
from contracts.example_saga import example_messages
from contracts.json_schemas import Schema, as_file, json_schema, schema_name
from contracts.operator import OPERATOR_EVENTS

ROOT = Path(__file__).parent
COMMAND = "python -m contracts.generate"


def broken(root: Path = ROOT, events: Events = EVENTS) -> list[str]:
    """How the models break what was published, a line each; empty: not at all."""
    models = _with_operators(events).values()
    current = {schema_name(model): shape(json_schema(model)) for model in models}
    found = []
    for path, published in _published(root):
        name = path.stem.rpartition(".")[0]
        if name not in current:
            found.append(f"{name}: was published and has no model any more")
            continue
        found += [f"{name}: {why} ({path.name})" for why in breaks(published, current[name])]
    return found


def drifted(root: Path = ROOT, events: Events = EVENTS) -> list[str]:
    """The files that are missing or not as they would be made, by their path under the root."""
    return sorted(
        str(path.relative_to(root))
        for path, text in _wanted(root, events).items()
        if not path.exists() or path.read_text("utf-8") != text
    )


def generate(root: Path = ROOT, events: Events = EVENTS) -> list[str]:
    """Writes what is missing or has drifted and tells which; nothing if something is broken."""
    if broken(root, events):
        return []
    wanted, changed = _wanted(root, events), drifted(root, events)
    for name in changed:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], "utf-8")
    return changed


def _wanted(root: Path, events: Events) -> Mapping[Path, str]:
    files = {root / "asyncapi.json": as_file(asyncapi(events))}
    examples = example_messages()
    for key, model in _with_operators(events).items():
        name = schema_name(model)
        files[root / "schemas" / f"{name}.json"] = as_file(json_schema(model))
        files.update(_next_shape(root, model))
        example = root / "examples" / f"{name}.json"
        if not example.exists():
            if key not in examples:
                raise LookupError(f"{name} has no example: add one to contracts/example_saga.py")
            files[example] = as_file(examples[key])
    return files


def _with_operators(events: Events) -> Events:
    return {**events, **OPERATOR_EVENTS}


def _next_shape(root: Path, model: type[EventData]) -> Mapping[Path, str]:
    """The shape of the model under the next number; nothing if it is the last published one."""
    name, current = schema_name(model), shape(json_schema(model))
    known = [published for path, published in _published(root) if path.stem.startswith(f"{name}.")]
    if known and known[-1] == current:
        return {}
    return {root / "schemas" / "published" / f"{name}.{len(known) + 1}.json": as_file(current)}


def _published(root: Path) -> Iterator[tuple[Path, Schema]]:
    """Each published shape with its path `ContractCreated.v1.<number>.json`, in their order."""
    paths = (root / "schemas" / "published").glob("*.json")
    for path in sorted(paths, key=lambda path: (len(path.name), path.name)):
        yield path, json.loads(path.read_text("utf-8"))


def main(arguments: list[str] | None = None) -> int:
    """0: all as it should be; 1: something is broken or (with --check) has drifted."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing, tell what is wrong")
    check = parser.parse_args(arguments).check
    wrong = broken()
    changed = drifted() if check else generate()
    told = [f"breaks a published contract: {why}" for why in wrong]
    told += [f"{name}: run {COMMAND}" if check else f"wrote {name}" for name in changed]
    sys.stdout.writelines(f"{line}\n" for line in told)
    return 1 if wrong or (check and changed) else 0


if __name__ == "__main__":
    sys.exit(main())
