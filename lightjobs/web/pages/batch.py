"""`/batches/<id>`: one batch, its counts and what can be done about it."""

from __future__ import annotations

from typing import Any

from werkzeug.exceptions import NotFound

from ...engines.batch_control import cancel_batch, retry_batch
from ...model import StoredBatch
from ...text import shortened
from ..formatting import plural
from ..page import TYPED_FROM, Action, Done, Form, Question
from ..visit import Visit
from .batches import batch_row, known

INNER = 50
"""How many of the batches in it are shown."""


def view(visit: Visit, batch: str) -> dict[str, Any]:
    """The batch with the id `batch`, and the batches in it."""
    found = visit.figure(("batch", batch), lambda: (known(visit, batch),))
    if found is None:
        return {"id": batch, "row": None, "inner": None, "more": 0, "actions": {}}
    if (stored := found[0]) is None:
        raise _none()
    inner = visit.figure(("inner batches", batch), lambda: _inner(visit, batch))
    return {
        "id": stored.id,
        "row": batch_row(stored),
        "inner": None if inner is None else [batch_row(each) for each in inner[0]],
        "more": 0 if inner is None else inner[1],
        "actions": {name: LABELS[name] for name in _allowed(stored)},
    }


def _inner(visit: Visit, batch: str) -> tuple[list[StoredBatch], int]:
    """Batches that are part of this one, up to INNER, and how many more there are."""
    ids = visit.engine.batches.inner(batch)
    found = [visit.engine.batches.find(each) for each in ids[:INNER]]
    return [each for each in found if each is not None], len(ids[INNER:])


def _allowed(batch: StoredBatch) -> list[str]:
    """The actions for `batch`."""
    retry = ["retry"] if batch.failed else []
    return [*retry, "cancel"] if batch.ended_at is None else retry


def _find(visit: Visit, batch: str) -> StoredBatch:
    found = known(visit, batch)
    if found is None:
        raise _none()
    return found


def _none() -> NotFound:
    return NotFound("There is no such batch. It may have ended more than a week ago.")


def cancel(visit: Visit, form: Form, batch: str) -> Done:
    """Cancel the batch with all that is in it."""
    found = _find(visit, batch)
    if found.ended_at is not None:
        return Done(message="The batch has ended.", count=0, which=_named(found))
    count = cancel_batch(visit.engine, found.id)
    return Done(message=f"{_jobs(count)} of the batch cancelled.", count=count, which=_named(found))


def ask_cancel(visit: Visit, form: Form, batch: str) -> Question | None:
    """Ask before, with how many parts have not ended."""
    found = _find(visit, batch)
    if found.ended_at is not None:
        return None
    left = found.waiting + found.running
    words = f"Cancel {_named(found)}? {_jobs(left)} of it have not ended."
    if left == 1:
        words = words.replace(" have ", " has ")
    drops = visit.engine.retention.cancelled == 0
    if drops:
        words += " Cancelled jobs are not kept here."
    typed = str(left) if drops and left > TYPED_FROM else None
    return Question(text=words, yes="Cancel the batch", typed=typed)


def retry(visit: Visit, form: Form, batch: str) -> Done:
    """Retry the failed jobs of the batch and of those in it."""
    found = _find(visit, batch)
    count = retry_batch(visit.engine, found.id)
    return Done(
        message=f"{_jobs(count)} of the batch put back to be retried.",
        count=count,
        which=_named(found),
    )


def _jobs(count: int) -> str:
    return plural(count, "job")


def _named(batch: StoredBatch) -> str:
    name = f" ({shortened(batch.name)})" if batch.name else ""
    return f"batch {shortened(batch.id)}{name}"


ACTIONS = {
    "retry": Action(run=retry),
    "cancel": Action(run=cancel, question=ask_cancel),
}
LABELS = {"retry": "Retry failed jobs", "cancel": "Cancel"}
