"""`python -m services.contract`."""

from services.contract import STEP
from services.runtime.service import run

if __name__ == "__main__":
    run(STEP)
