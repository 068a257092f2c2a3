"""What follows a job: the links of a chain, one after the other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..model import (
    BATCH_OPTION,
    CHAIN_OPTION,
    ENTRY_OPTION,
    PREVIOUS_OPTION,
    Done,
    Step,
    step_rows,
    steps_of,
    steps_text,
)
from .middleware import with_options
from .results import written
from .run import Run


def link(links: Sequence[Step], previous: Any = None) -> Step:
    """The first of `links`, which knows what follows it when it is done. `previous` is the result
    of the link before it."""
    first, *rest = links
    if first.batch is not None:
        then = (*first.batch.then, link(rest)) if rest else first.batch.then
        return first._replace(batch=first.batch._replace(then=then))
    values: dict[str, Any] = {}
    if rest:
        values[CHAIN_OPTION] = step_rows(rest)
    if previous is not None:
        values[PREVIOUS_OPTION] = previous
    (job,) = first.jobs
    return Step((with_options(job, **values) if values else job,))


def after(run: Run, done: Done) -> Done:
    """`done`, the outcome of `run`, with the entry of the schedule that the job is for, the batch
    that it is part of, and what is pushed after it."""
    entry, batch, rows = map(run.options.get, (ENTRY_OPTION, BATCH_OPTION, CHAIN_OPTION))
    done = done._replace(
        entry=entry if isinstance(entry, str) else None,
        batch=batch if isinstance(batch, str) else None,
    )
    if not rows:
        return done
    return done._replace(next=steps_text([link(steps_of(rows), _previous(run))]))


def _previous(run: Run) -> Any:
    """The result of the run for the next link; None if it cannot be kept, which is logged."""
    if run.result is None:
        return None
    text = written(run, is_wanted=True)
    return None if text is None else json.loads(text)
