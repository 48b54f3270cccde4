"""`python -m services.registration`."""

from services.registration import STEP
from services.runtime.service import run

if __name__ == "__main__":
    run(STEP)
