"""The service contract, with a bug in its handler for as long as the file BUG_FILE is there."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from services.contract import STEP
from services.runtime.service import run
from services.runtime.step import Effects, Outcome

BUG_FILE = Path(os.environ.get("BUG_FILE", "bug"))


def handler(data: Any, effects: Effects[Any]) -> Outcome:
    if BUG_FILE.exists():
        raise ValueError("secret of a partner")
    return STEP.handler(data, effects)


if __name__ == "__main__":
    run(replace(STEP, handler=handler))
