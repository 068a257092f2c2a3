"""Running `handle()` of a job in the caller, without a store."""

from __future__ import annotations

from typing import Any

from ..execution import calls
from ..execution.async_bridge import run_here
from ..execution.context import JobContext
from ..execution.executor import handled
from ..execution.job_values import OPTIONS
from ..execution.run import Run
from ..execution.variables import Origin
from ..model import Claim
from ..payloads.encoding import decode
from .new_jobs import new_jobs

_EPOCH = "1970-01-01 00:00:00"
"""The creation time of a job that was never stored."""


def handle_here(given: Any, payload: Any, base: type[Any]) -> Any:
    """The result of `handle()` in a fresh object like `given`, with `payload` or, if that is None,
    its own. `base` is the class Job. See `Job.dispatchSync`."""
    try:
        values = given.getPayload() if payload is None else payload
        own = given.__dict__
    except AttributeError:
        raise calls.misused("dispatchSync", given, base) from None
    (new,) = new_jobs(given, [values], is_stored=False)
    run = Run(Claim("sync", 0, new.handler, new.queue, new.payload, 1, 0, _EPOCH, new.options))
    registered = run.look_up()
    run.job = job = type(given)()
    job.__dict__.update({name: own[name] for name in OPTIONS if name in own})
    job.payload = decode(new.payload)
    if registered.typed is not None:
        job.payload = registered.typed.load(job.payload)
    job.context = JobContext(run.claim)
    return run_here(handled(run), registered.is_async, Origin().fresh())
