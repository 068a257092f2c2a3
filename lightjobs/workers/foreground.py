"""`job:work --workers=0`: jobs run in the calling process, for debuggers and where there is no
fork."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Mapping

from ..engines.base import Engine
from ..record import Outcome
from .budget import Budget
from .flag import Flag
from .lines import Lines
from .options import Options
from .post import Post, Pulse

_log = logging.getLogger("lightjobs.worker")


def work(
    engine: Engine, options: Options, lines: Lines, on_ready: Callable[[], None] = lambda: None
) -> int:
    """Work in this process and thread until asked to stop; returns the exit status. TERM and INT
    stop it gracefully; a second one, or the end of the grace, at once."""
    stop = Flag()
    before = {n: signal.signal(n, stop.raise_) for n in (signal.SIGTERM, signal.SIGINT)}
    budget = Budget.of(options.max_jobs) if options.max_jobs else None
    post = Post(engine, options, lines, stop, budget)
    pulse = Pulse(engine, options.lease, lambda: [post], _Guard(post, options.grace).look)
    pulse.start()
    on_ready()
    try:
        post.run()
    finally:
        pulse.stop()
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


class _Guard:
    """Ends the process when a stop, or a job that has timed out, takes too long."""

    def __init__(self, post: Post, grace: float) -> None:
        self._post = post
        self._grace = grace
        self._kill_at: float | None = None

    def look(self) -> None:
        """End the process if it is time."""
        now = time.monotonic()
        stop = self._post.stop
        if stop.raised and self._kill_at is None:
            self._kill_at = now + self._grace
        if overdue := self._post.journal.overdue():
            ids = ", ".join(id for id, _fence in overdue)
            _log.error("job %s timed out and went on: this process ends", ids)
            self._end(overdue, 1)
        if self._kill_at is not None and (now >= self._kill_at or stop.raised > 1):
            self._end({}, 0)

    def _end(self, timed_out: Mapping[tuple[str, int], Outcome], status: int) -> None:
        try:
            self._post.leave(timed_out)
        finally:
            os._exit(status)
