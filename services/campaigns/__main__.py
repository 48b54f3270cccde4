"""`python -m services.campaigns`."""

from services.campaigns import STEP
from services.runtime.service import run

if __name__ == "__main__":
    run(STEP)
