"""Keeps what libraries log out of the answers of a command."""

import logging

import structlog


def quiet() -> None:
    """Nothing is logged from here on: what went wrong is said in the command's own line."""
    logging.disable(logging.CRITICAL)
    silent = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=silent)
