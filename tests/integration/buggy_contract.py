"""The service contract, with a bug in its handler for as long as the file BUG_FILE is there, and
slow for as long as one named `slow` is beside it."""

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from services.contract import STEP
from services.runtime.service import run
from services.runtime.step import Effects, Outcome

BUG_FILE = Path(os.environ.get("BUG_FILE", "bug"))
SLOW_FILE = BUG_FILE.with_name("slow")
SLOW_SECONDS = 0.4


def handler(data: Any, effects: Effects[Any]) -> Outcome:
    if BUG_FILE.exists():
        raise ValueError("secret of a partner")
    if SLOW_FILE.exists():
        time.sleep(SLOW_SECONDS)
    return STEP.handler(data, effects)


if __name__ == "__main__":
    run(replace(STEP, handler=handler))
