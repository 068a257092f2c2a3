"""Logging in worker processes: to standard error, as text or as one JSON object per line."""

from __future__ import annotations

import json
import logging
import sys

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


def configure(log_format: str, quiet: bool) -> None:
    """Send this process's log to standard error, unless the application has set up its own."""
    if logging.root.handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    text = _TextFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(_JsonFormatter() if log_format == "json" else text)
    logging.root.addHandler(handler)
    logging.root.setLevel(logging.WARNING if quiet else logging.INFO)
