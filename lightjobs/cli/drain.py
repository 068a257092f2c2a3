"""Pausing queues until nothing of them runs."""

from __future__ import annotations

import time

from ..engines.control import Engine

LOOK_SECONDS = 0.25
"""The shortest time between two looks at the store."""

LOOK_SHARE = 20
"""A look that takes long is repeated after this many times as long, so that it keeps no store
busy."""


def all_queues(engine: Engine) -> list[str]:
    """The queues that have jobs, are paused, or are served by a worker, by name."""
    served = {
        queue
        for worker in engine.workers()
        if worker.note is not None
        for queue in worker.note.queues
    }
    return sorted(served.union(engine.stats(), engine.paused_queues()))


def pause_all(engine: Engine) -> dict[str, bool]:
    """Pause all queues. Returns for each whether it was not paused before."""
    paused = set(engine.paused_queues())
    return {
        queue: queue not in paused and engine.pause_queue(queue) for queue in all_queues(engine)
    }


def resume_all(engine: Engine) -> dict[str, bool]:
    """Resume all paused queues. Returns for each whether it was still paused."""
    return {queue: engine.resume_queue(queue) for queue in engine.paused_queues()}


def still_running(engine: Engine, queue: str | None, seconds: float) -> dict[str, int]:
    """Wait until no worker holds a job of `queue`, or of any queue, but no longer than `seconds`.
    Returns how many jobs of which queues are held after that. If it is of any queue, those that
    come up in the meantime are paused, too."""
    until = time.monotonic() + seconds
    was_idle = False
    while True:
        began = time.monotonic()
        if queue is None:
            pause_all(engine)
        held = _held(engine, queue)
        # A claim may be on its way while the queue is paused: it shows at the second look.
        if not held and was_idle:
            return held
        was_idle = not held
        now = time.monotonic()
        if now >= until:
            return held
        time.sleep(min(until - now, max(LOOK_SECONDS, LOOK_SHARE * (now - began))))


def _held(engine: Engine, queue: str | None) -> dict[str, int]:
    return {
        name: counts["queued"]
        for name, counts in engine.stats().items()
        if queue in (None, name) and counts.get("queued")
    }
