"""`python -m saga_state`."""

from saga_state.worker import run

if __name__ == "__main__":
    run()
