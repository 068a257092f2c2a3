"""How long the threads of a worker wait for an answer of the store."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from ..errors import LightjobsError

ANSWER_SECONDS = 10.0
"""The least time that a worker gives the store to answer. Twice as long as a statement waits for a
lock."""

BEAT_SECONDS = 0.5
"""The least time that a beat gives it."""


_log = logging.getLogger("lightjobs.worker")


def answer_seconds(lease: float) -> float:
    """How long to wait for the answer to a claim or a settlement."""
    return max(ANSWER_SECONDS, lease / 3)


def beat_seconds(lease: float) -> float:
    """How long to wait for the answer to a beat, which can then be tried again on another
    connection before the lease runs out."""
    return max(BEAT_SECONDS, lease / 6)


def leave_to_the_lease(give_back: Callable[[], object], seconds: float) -> None:
    """Call `give_back`, which gives jobs back to the store, but return after `seconds` although the
    store has not answered: the jobs are left to the lease then. A limit for each answer would not
    do, because to connect takes libpq two seconds or more."""

    def attempt() -> None:
        try:
            give_back()
        except LightjobsError as error:
            _log.warning("the jobs that still run are left to the lease: %s", error)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(seconds)
