"""What `handle()` returned, as the outcome of the run brings it to the store."""

from __future__ import annotations

import logging
import time
from typing import Any

from ..errors import PayloadError
from ..model import Done
from ..notes.run_notes import RESULT_BYTES, result_text
from ..payloads.encoding import encode_value
from .keeping import seconds_of
from .run import Run

_log = logging.getLogger("lightjobs.worker")


def kept(run: Run, done: Done, started: float) -> Done:
    """`done`, the outcome of `run`, with its result if the job will be kept in the store. The run
    was `started` then by `time.perf_counter`. A value that cannot be kept changes nothing else."""
    wanted = run.job.keepResult
    seconds = None if wanted is None else seconds_of(wanted)
    if seconds is None and (run.store is None or run.store.retention.completed == 0):
        return done
    value = written(run, is_wanted=seconds is not None)
    took = time.perf_counter() - started
    if value is None and seconds is None:
        return done
    text = result_text(value, run.worker, time.time() - took, took)
    return done._replace(result=text, keep=seconds)


def written(run: Run, is_wanted: bool) -> str | None:
    """The result as JSON; None, which is logged if the result is wanted, if it is none or too long.
    The log does not show it: it may be a secret."""
    value: Any = run.result
    try:
        text = encode_value(value, "the result")
        if len(text) <= RESULT_BYTES:
            return text
        reason = f"it is {len(text):,} bytes of JSON; at most {RESULT_BYTES:,} are kept"
    except PayloadError:
        reason = f"it is a {type(value).__name__} that JSON cannot hold"
    if is_wanted:
        job = f"{type(run.job).__module__}.{type(run.job).__qualname__}"
        extra = {"job_id": run.claim.id, "job_handler": run.claim.handler}
        _log.warning("the result of %s is not kept: %s", job, reason, extra=extra)
    return None
