"""Structured logs on stderr: an event in plain words, facts as keywords, no secrets and no personal data."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog


def setup(*, json: bool, debug: bool = False, quiet: bool = False, environment: str | None = None) -> None:
    """One line per event: JSON for machines, a readable line for a person at a terminal.

    `quiet` leaves only warnings and errors: a command's own answer tells the rest. `environment` stands in
    every line.
    """
    level = logging.DEBUG if debug else logging.WARNING if quiet else logging.INFO
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False) if json else structlog.dev.ConsoleRenderer()
    )

    def placed(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if environment is not None:
            event["environment"] = environment
        return event

    structlog.configure(
        processors=[
            placed,
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def get(room: str) -> Any:
    """A logger that names its room; `tenant`, `connection` and `run` are bound once at the door."""
    return structlog.get_logger(room=room)
