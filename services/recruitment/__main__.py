"""`python -m services.recruitment`."""

from services.recruitment import STEP
from services.runtime.service import run

if __name__ == "__main__":
    run(STEP)
