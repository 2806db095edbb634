"""What a process says of itself: one line an event on standard error."""

import logging
import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog


class _Unfailing:
    """Standard error, which loses a line rather than what the line tells of: it may lie on a full disk."""

    def write(self, text: str) -> None:
        with suppress(OSError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stderr.flush()


def log_to_standard_error(level: str) -> None:
    """Write each event as a line, from the severity `level` on, without colours where nobody looks.

    Raises:
        ValueError: there is no such severity.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        message = f"LIANBIAN_LOG_LEVEL: {level!r}"
        raise ValueError(message)
    logging.basicConfig(level=number, format="%(asctime)s [%(levelname)s] %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Unfailing())),
    )
