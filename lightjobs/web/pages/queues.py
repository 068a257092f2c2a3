"""`/queues`: all queues."""

from __future__ import annotations

from typing import Any

from werkzeug.exceptions import BadRequest

from ...engines.store import pausable
from ...text import shortened
from ..page import Action, Done, Form
from ..queue_rows import queue_rows
from ..visit import Visit


def view(visit: Visit) -> dict[str, Any]:
    """Each queue, with its state and its numbers."""
    return {"queues": queue_rows(visit)}


def pause(visit: Visit, form: Form) -> Done:
    """Pause the queue that the form names."""
    return change(visit, form.get("queue", ""), paused=True)


def resume(visit: Visit, form: Form) -> Done:
    """Resume the queue that the form names."""
    return change(visit, form.get("queue", ""), paused=False)


def change(visit: Visit, queue: str, *, paused: bool) -> Done:
    """Pause or resume `queue`."""
    try:
        pausable(queue)
    except ValueError as error:
        raise BadRequest(str(error)) from None
    act = visit.engine.pause_queue if paused else visit.engine.resume_queue
    changed, word = act(queue), "paused" if paused else "resumed"
    already = "" if changed else "already "
    return Done(
        message=f"Queue {shortened(queue)} is {already}{word}.",
        count=int(changed),
        which=f"queue {queue}",
    )


ACTIONS = {"pause": Action(run=pause), "resume": Action(run=resume)}
