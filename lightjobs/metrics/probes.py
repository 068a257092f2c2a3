"""What `/live` and `/ready` answer for the workers of a process. Neither asks the store: an orderer
of processes that restarts what is not live must not restart all workers when the store is away."""

from __future__ import annotations

import time

from ..workers.vitals import Vitals
from .listener import Answer


def live(vitals: Vitals, lease: float) -> Answer:
    """200 while the supervisor's loop and the keeper of each child have turned within `lease`
    seconds; else 503 and what has not."""
    now = time.monotonic()
    turned = {"the supervisor": vitals.turned_at}
    turned |= {f"child {child.pid}": child.turned_at for child in vitals.children}
    for name, moment in turned.items():
        if now - moment > lease:
            return Answer(503, f"{name} has not turned for {now - moment:.0f} seconds\n")
    return Answer(200, "live\n")


def ready(vitals: Vitals, lease: float) -> Answer:
    """200 while jobs are taken: all children have started, the store has taken a beat within half a
    `lease` (in seconds), and the process was not told to stop. Else 503 and the reason."""
    silent = time.monotonic() - vitals.beat_at
    if vitals.is_stopping:
        return Answer(503, "stopping\n")
    if not vitals.is_ready:
        return Answer(503, "starting: not all children are ready\n")
    if silent > lease / 2:
        return Answer(503, f"the store has taken no beat for {silent:.0f} seconds\n")
    return Answer(200, "ready\n")
