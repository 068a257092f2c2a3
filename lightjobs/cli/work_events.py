"""What `job:work` logs about itself: its start, that it is ready, why it stops, and that it has
stopped."""

from __future__ import annotations

import contextlib
import time

from ..engines.control import Engine
from ..errors import LightjobsError
from ..settings.settings import Settings
from ..text import escaped
from ..version import __version__
from ..workers.logs.job_log import JobLog
from ..workers.options import Options


class WorkEvents:
    """Logs to `lines`."""

    def __init__(self, lines: JobLog, options: Options) -> None:
        self._lines = lines
        self._options = options
        self._started_at = time.monotonic()

    def start(self, settings: Settings) -> None:
        """The settings and options are right, and the store is there."""
        options, engine = self._options, settings.engine
        if engine == "database":
            engine += f" ({settings.database.driver})"
        self._lines.event(
            "start",
            f"lightjobs {__version__}, engine {engine}",
            version=__version__,
            engine=engine,
            queues=options.queues,
            workers=options.workers,
            concurrency=options.concurrency,
        )

    def ready(self) -> None:
        """All processes take jobs."""
        queues = escaped(", ".join(self._options.queues))
        text = f"queues {queues}, {_processes(self._options)}; Ctrl-C stops"
        self._lines.event("ready", text, seconds=self._seconds())

    def stopping(self, why: str) -> None:
        """No job will be started any more. Not called when the options end the work of children."""
        grace = self._options.grace
        text = f"{why}; running jobs may take {grace:g} s"
        self._lines.event("stopping", text, reason=why, grace=grace)

    def left(self, engine: Engine) -> None:
        """The queues are empty. Says which jobs wait elsewhere or until later: a worker that finds
        nothing may have been told the wrong queue."""
        if self._options.quiet:
            return
        from .left_waiting import left_waiting

        with contextlib.suppress(LightjobsError):
            for line in left_waiting(engine, self._options.queues):
                self._lines.event("empty", line, message=line)

    def stopped(self, status: int) -> None:
        """The process ends with this exit status."""
        seconds = self._seconds()
        text = f"after {seconds:.1f} s" + (f" with status {status}" if status else "")
        self._lines.event("stopped", text, status=status, seconds=seconds)

    def _seconds(self) -> float:
        return round(time.monotonic() - self._started_at, 3)


def _processes(options: Options) -> str:
    count = options.workers
    text = f"{count} worker{'s' if count != 1 else ''}" if count else "this process"
    return f"{text}, concurrency {options.concurrency}" if options.concurrency > 1 else text
