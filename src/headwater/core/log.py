"""Structured logs: an event in plain words, facts as keywords, no secrets and no personal data.

They go to stderr, and as JSON to whoever keeps them, where somebody does.
"""

import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog

from headwater.core.traces import traced

AS_JSON = structlog.processors.JSONRenderer(ensure_ascii=False)
bound = structlog.contextvars.bound_contextvars
"""For the length of a block every line says these facts, too: `with log.bound(tenant=…, connection=…):`."""

bind, unbind = structlog.contextvars.bind_contextvars, structlog.contextvars.unbind_contextvars
"""The same without a block: until somebody takes them away."""


def setup(
    *,
    json: bool,
    debug: bool = False,
    quiet: bool = False,
    environment: str | None = None,
    keep: Callable[[str], object] | None = None,
) -> None:
    """One line per event: JSON for machines, a readable line for a person at a terminal.

    `quiet` leaves only warnings and errors on stderr: a command's own answer tells the rest. `keep` is handed
    each line that matters, `quiet` or not. `environment` stands in every line.
    """
    shown = logging.DEBUG if debug else logging.WARNING if quiet else logging.INFO
    level = shown if keep is None else min(shown, logging.INFO)

    def placed(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if environment is not None:
            event["environment"] = environment
        return event

    def passed_on(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if keep is not None:
            keep(str(AS_JSON(logger, name, dict(event))))
        if logging.getLevelNamesMapping()[str(event["level"]).upper()] < shown:
            raise structlog.DropEvent
        return event

    renderer: Any = AS_JSON if json else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            placed,
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            traced,
            passed_on,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def get(room: str) -> Any:
    """A logger that names its room; `tenant`, `connection` and `run` are bound once at the door."""
    return structlog.get_logger(room=room)
