"""Logs: events with fields, as JSON lines or, for a person at a terminal, in colour.

Never personal data: ids, codes and coordinates only. Foreign loggers go through the same pipe.
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
    level = logging.getLevelName(settings.log_level)
    structlog.configure(
        processors=[*shared, _safe_errors, render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    _foreign(shared, render, level)


def _foreign(shared: list[Any], render: Any, level: int) -> None:
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
    logging.root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


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
