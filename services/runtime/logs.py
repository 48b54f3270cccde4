"""Logs: events with fields, as JSON lines or, for a person at a terminal, in colour.

Never personal data: ids, codes and coordinates only. Foreign loggers go through the same pipe.
The level may change while the process runs (SIGUSR1, SIGUSR2): what is below it costs nothing.
"""

import logging
import sys
from typing import Any

import orjson
import structlog

from services.runtime.settings import Settings

QUIET = (
    "aiokafka", "faust", "mode", "kafka", "asyncio", "pymongo", "services.runtime.agent",
    "httpx", "httpcore",  # they log each call, with words of the other side
)  # fmt: skip
METHODS = ("debug", "info", "warning", "error")
# Loggers are kept, all of this one class: its methods are those of the level of now.
_LOGGER: type[Any] = type("Logger", (structlog.make_filtering_bound_logger(logging.DEBUG),), {})


def set_level(level: str) -> None:
    """Log from this level on: DEBUG, INFO, WARNING or ERROR."""
    number = logging.getLevelName(level)
    filtering = structlog.make_filtering_bound_logger(number)
    for method in METHODS:
        setattr(_LOGGER, method, getattr(filtering, method))
    logging.root.setLevel(number)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))


def configure(settings: Settings, service: str) -> None:
    """Set up all logging of this process. Bind ids with structlog, once, where they are known."""
    structlog.contextvars.bind_contextvars(service=service)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    console = settings.log_format == "console" or (
        settings.log_format == "auto" and sys.stdout.isatty()
    )
    render = structlog.dev.ConsoleRenderer() if console else _json
    structlog.configure(
        processors=[*shared, _safe_errors, render],
        wrapper_class=_LOGGER,
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    _foreign(shared, render)
    set_level(settings.log_level)


def _foreign(shared: list[Any], render: Any) -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _safe_errors,
                render,
            ],
        )
    )
    handler.addFilter(_no_values_of_errors)
    logging.root.handlers = [handler]


def _no_values_of_errors(record: logging.LogRecord) -> bool:
    """Foreign messages quote exceptions, and those quote data: only the type remains."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            type(one).__name__ if isinstance(one, BaseException) else one for one in record.args
        )
    return True


def _safe_errors(_logger: Any, _method: str, event: Any) -> Any:
    """An exception as its type only: its text and locals may hold personal data."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
    return event


def _json(_logger: Any, _method: str, event: Any) -> str:
    return orjson.dumps(event, default=str).decode()
