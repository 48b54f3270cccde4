"""Letters by service and class: how many, from when to when."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from services.letters.letter import Letter


def groups(letters: Iterable[Letter], with_state: bool) -> list[dict[str, Any]]:
    """A row per service and class, the largest first, with the oldest and the newest."""
    found: dict[tuple[str, ...], list[Letter]] = defaultdict(list)
    for one in letters:
        found[one.service, one.error_class, *((one.now,) if with_state else ())].append(one)
    rows = [
        {
            "service": some[0].service,
            "class": some[0].error_class,
            **({"state": some[0].now} if with_state else {}),
            "count": len(some),
            "oldest": min(one.at for one in some),
            "newest": max(one.at for one in some),
        }
        for some in found.values()
    ]
    return sorted(rows, key=lambda row: (-row["count"], row["service"], row["class"]))
