"""`job:work --workers=0`: jobs run in the calling process, for debuggers and where there is no
fork."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping

from ..engines.store import Engine
from ..errors import StoreUnavailable
from ..model import Outcome
from .budget import Budget
from .flag import Flag
from .lines import Lines
from .options import Options
from .post import Post, Pulse

RETRY_SECONDS = 0.5
"""The pause before a store that is away is asked again for a place among its workers."""

_log = logging.getLogger("lightjobs.worker")


def work(
    engine: Engine, options: Options, lines: Lines, on_ready: Callable[[], None] = lambda: None
) -> int:
    """Work in this process and thread until asked to stop; returns the exit status. TERM and INT
    stop it gracefully; a second one, or the end of the grace, at once."""
    stop = Flag()
    before = {n: signal.signal(n, stop.raise_) for n in (signal.SIGTERM, signal.SIGINT)}
    budget = Budget.of(options.max_jobs) if options.max_jobs else None
    posts = _posts(lambda: Post(engine, options, lines, stop, budget), stop)
    guard = _Guard(next(posts), options.grace)
    pulse = Pulse(engine, options.lease, lambda: [guard.post], guard.look)
    pulse.start()
    on_ready()
    try:
        guard.post.run()
        for guard.post in posts:
            guard.post.run()
    finally:
        pulse.stop()
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _posts(make: Callable[[], Post], stop: Flag) -> Iterator[Post]:
    """A post, and another whenever the last one has ended because it was given up."""
    yield (post := make())
    while post.given_up and not stop.raised:
        try:
            yield (post := make())
        except StoreUnavailable as error:
            _log.warning("no new worker for the moment: %s", error)
            time.sleep(RETRY_SECONDS)


class _Guard:
    """Ends the process when a stop, or a job that has timed out, takes too long. `post` is the one
    that runs."""

    def __init__(self, post: Post, grace: float) -> None:
        self.post = post
        self._grace = grace
        self._kill_at: float | None = None

    def look(self) -> None:
        """End the process if it is time."""
        now = time.monotonic()
        stop = self.post.stop
        if stop.raised and self._kill_at is None:
            self._kill_at = now + self._grace
        if overdue := self.post.journal.overdue():
            ids = ", ".join(id for id, _fence in overdue)
            _log.error("job %s timed out and went on: this process ends", ids)
            self._end(overdue, 1)
        if self._kill_at is not None and (now >= self._kill_at or stop.raised > 1):
            self._end({}, 0)

    def _end(self, timed_out: Mapping[tuple[str, int], Outcome], status: int) -> None:
        try:
            self.post.leave(timed_out)
        finally:
            os._exit(status)
