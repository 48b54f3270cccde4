"""`python -m services.documents`."""

from services.documents import STEP
from services.runtime.service import run

if __name__ == "__main__":
    run(STEP)
