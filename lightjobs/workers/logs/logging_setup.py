"""The job log and Python's logging in a process of lightjobs' own: as text, the job log on standard
output and the log on standard error; as JSON, both in one stream on standard output."""

from __future__ import annotations

import logging
import os
import sys
from typing import TextIO

from ...text import escaped_lines
from . import clock
from .job_log import JobLog
from .json_log import JsonJobLog, QuietJsonJobLog
from .text_log import TextJobLog


def make(log_format: str, quiet: bool, descriptor: int = 1) -> JobLog:
    """The job log that these options ask for, written to `descriptor`: by default, standard output.
    As text it is colored on a terminal, unless NO_COLOR is set; see no-color.org."""
    if log_format == "json":
        return QuietJsonJobLog(descriptor) if quiet else JsonJobLog(descriptor)
    if quiet:
        return JobLog()
    color = os.isatty(descriptor) and not os.environ.get("NO_COLOR")
    return TextJobLog(descriptor, color)


class _TextFormatter(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._form = clock.form(2)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        return clock.local_text(record.created, self._form)

    def format(self, record: logging.LogRecord) -> str:
        return escaped_lines(super().format(record))


class _Missing(logging.Handler):
    """Takes records for which the program has no handler. The program may have set up one only for
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


class _TextHandler(_Missing, logging.StreamHandler[TextIO]):
    """Prints them to standard error."""


class _JsonHandler(_Missing):
    """Prints them in the job log."""

    def __init__(self, job_log: JsonJobLog) -> None:
        super().__init__()
        self._job_log = job_log

    def emit(self, record: logging.LogRecord) -> None:
        try:
            error = record.exc_info
            traceback = logging.Formatter().formatException(error) if error else record.exc_text
            self._job_log.record(record, traceback)
        except Exception:  # as in each handler: a message may not fit its arguments
            self.handleError(record)


def configure(job_log: JobLog, quiet: bool) -> None:
    """Send this process's log to `job_log` if that is JSON, else to standard error, unless the
    program has set up its own. To be called after the program's modules have been imported: its
    `logging.basicConfig()` does nothing if there is a handler already."""
    reset()
    enable()
    if logging.root.handlers:
        return
    if isinstance(job_log, JsonJobLog):
        logging.root.addHandler(_JsonHandler(job_log))
    else:
        handler = _TextHandler(sys.stderr)
        handler.setFormatter(_TextFormatter())
        logging.root.addHandler(handler)
    if logging.root.level == logging.WARNING:  # unless the program has chosen a level
        logging.root.setLevel(logging.WARNING if quiet else logging.INFO)


def reset() -> None:
    """Undo `configure`, in a process that has been forked after it."""
    for handler in list(logging.root.handlers):
        if isinstance(handler, _Missing):
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
