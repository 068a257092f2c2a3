"""Logging in worker processes: to standard error, as text or as one JSON object per line."""

from __future__ import annotations

import json
import logging
import sys
from typing import TextIO

from ..text import escaped_lines

_FIELDS = ("job_id", "job_handler", "job_queue", "job_attempt")


class _TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return escaped_lines(super().format(record))


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": round(record.created, 3),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        fields |= {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return json.dumps(fields, default=str)


class _Handler(logging.StreamHandler[TextIO]):
    """Prints records for which the program has no handler. The program may have set up one only for
    some of its loggers, or may set up others later: then no line must appear twice."""

    def filter(self, record: logging.LogRecord) -> bool:
        logger: logging.Logger | None = logging.getLogger(record.name)
        while logger is not None:
            if any(map(self._is_the_programs, logger.handlers)):
                return False
            logger = logger.parent
        return bool(super().filter(record))

    def _is_the_programs(self, handler: logging.Handler) -> bool:
        # Libraries have a NullHandler so that logging does not warn: it prints nothing.
        return handler is not self and not isinstance(handler, logging.NullHandler)


def configure(log_format: str, quiet: bool) -> None:
    """Send this process's log to standard error, unless the program has set up its own. To be
    called after the program's modules have been imported: its `logging.basicConfig()` does nothing
    if there is a handler already."""
    reset()
    enable()
    if logging.root.handlers:
        return
    handler = _Handler(sys.stderr)
    text = _TextFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(_JsonFormatter() if log_format == "json" else text)
    logging.root.addHandler(handler)
    if logging.root.level == logging.WARNING:  # unless the program has chosen a level
        logging.root.setLevel(logging.WARNING if quiet else logging.INFO)


def reset() -> None:
    """Undo `configure`, in a process that has been forked after it."""
    for handler in list(logging.root.handlers):
        if isinstance(handler, _Handler):
            logging.root.removeHandler(handler)
            logging.root.setLevel(logging.WARNING)


def enable() -> None:
    """Enable lightjobs' loggers. logging.config disables all that it does not name, by default."""
    for logger in loggers():
        logger.disabled = False


def loggers() -> list[logging.Logger]:
    """lightjobs' own loggers."""
    return [
        logger
        for name, logger in list(logging.root.manager.loggerDict.items())
        if isinstance(logger, logging.Logger) and name.partition(".")[0] == "lightjobs"
    ]
