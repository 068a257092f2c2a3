"""What people do to a batch with all that is part of it: written once for all stores."""

from __future__ import annotations

from .control import Engine
from .where import Where


def cancel_batch(engine: Engine, batch_id: str) -> int:
    """Cancel the batch and the batches in it: nothing can be added to them any more, and their jobs
    that have not ended are cancelled. Returns the number of those jobs."""
    ids = _with_inner(engine, batch_id)
    for each in ids:
        engine.batches.note_cancelled(each)
    return sum(engine.cancel_many(Where(batch=each)) for each in ids)


def retry_batch(engine: Engine, batch_id: str) -> int:
    """Retry the failed jobs of the batch and of the batches in it, and return their number. A
    unique job whose key another job holds stays as it is."""
    return sum(engine.move("retry", Where(batch=each)) for each in _with_inner(engine, batch_id))


def _with_inner(engine: Engine, batch_id: str) -> list[str]:
    """The ids of the batch and of the batches within it, at any depth."""
    found, left = [batch_id], [batch_id]
    while left:
        inner = engine.batches.inner(left.pop())
        found += inner
        left += inner
    return found
