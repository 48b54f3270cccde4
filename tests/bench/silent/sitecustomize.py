"""Python runs this first where its folder is on the path: metrics then count nothing."""

from prometheus_client import Counter, Gauge, Histogram

SILENT = ((Counter, ("inc",)), (Gauge, ("inc", "dec", "set")), (Histogram, ("observe",)))


def nothing(*_values: object, **_more: object) -> None:
    """In the place of each that counts."""


for kind, names in SILENT:
    for name in names:
        setattr(kind, name, nothing)
