"""The table of all metrics in docs/metrics.md, made from the code.

`python -m services.cli.metrics_table` writes it; with `--check` it exits 1 if the page differs.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

from prometheus_client.metrics import MetricWrapperBase

from saga_state import metrics as of_projection
from services.gateway import metrics as of_gateway
from services.runtime import metrics as of_services

FILE = Path("docs/metrics.md")
SECTIONS: Mapping[str, ModuleType] = {
    "Services": of_services,
    "Projection": of_projection,
    "Gateway": of_gateway,
}
_SERIES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}
_TABLE = re.compile(r"(<!-- table -->\n).*?(<!-- / -->)", re.DOTALL)


def all_metrics() -> Iterator[tuple[str, MetricWrapperBase]]:
    """Each metric with the section it stands in."""
    for section, module in SECTIONS.items():
        for one in vars(module).values():
            if isinstance(one, MetricWrapperBase):
                yield section, one


def series() -> dict[str, frozenset[str]]:
    """The names that queries may ask for, each with its labels."""
    found: dict[str, frozenset[str]] = {}
    for _, one in all_metrics():
        ((name, _, kind),) = _described(one)
        for ending in _SERIES.get(kind, ("",)):
            more = {"le"} if ending == "_bucket" else set()
            found[f"{name}{ending}"] = frozenset({*one._labelnames, *more})
    return found


def table() -> str:
    """As Markdown: a section for who shows them, a row for each."""
    lines: list[str] = []
    for section in SECTIONS:
        lines += [f"\n## {section}\n", "| metric | kind | labels | what |", "|---|---|---|---|"]
        lines += [_row(one) for where, one in all_metrics() if where == section]
    return "\n".join(lines) + "\n\n"


def page(text: str) -> str:
    """The page with the table as the code has it."""
    return _TABLE.sub(lambda found: f"{found[1]}{table()}{found[2]}", text)


def main() -> None:
    """Write the page, or say that it differs."""
    now = FILE.read_text()
    if "--check" not in sys.argv:
        FILE.write_text(page(now))
    elif page(now) != now:
        sys.exit(f"{FILE} is not what the code says: make generate")


def _row(one: MetricWrapperBase) -> str:
    ((name, text, kind),) = _described(one)
    labels = ", ".join(f"`{label}`" for label in one._labelnames) or "-"
    ending = "_total" if kind == "counter" else ""
    return f"| `{name}{ending}` | {kind} | {labels} | {text} |"


def _described(one: MetricWrapperBase) -> list[tuple[str, str, str]]:
    return [(metric.name, metric.documentation, metric.type) for metric in one.describe()]


if __name__ == "__main__":
    main()
