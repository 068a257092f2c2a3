"""`/jobs/<id>`: one job, with all that is stored of it."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

from ...model import Status, Stored
from ...notes.attempt_errors import AttemptError
from ...watching.queues import workers
from ...watching.ties import other_holder
from ..formatting import seconds_of
from ..listing.rows import options_of, row
from ..visit import Visit
from . import timeline
from .job_actions import LABELS, allowed, find

_TRACE = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*", re.DOTALL)

_OPTIONS = {"retryAfter": "next attempt after", "timeout": "timeout"}
"""The options of a job that are told in words, besides its attempts."""


def view(visit: Visit, job: str) -> dict[str, Any]:
    """The job with the id `job`."""
    found = find(visit, job)
    options = options_of(found)
    trace = _trace_id(options)
    return {
        **row(found, visit.now),
        "recoveries": found.recoveries,
        "kept": _kept(visit, found),
        "progress": _progress(found),
        "result": _result(visit, found),
        "options": _options(options),
        "entry": options["entry"] if isinstance(options.get("entry"), str) else None,
        "trace_id": trace,
        **_ties(visit, found),
        "payload": visit.payload(found.payload),
        "exception": found.exception,
        "errors": [_error(error) for error in _errors(found)],
        "timeline": timeline.steps(found, visit.now, _started(visit, found)),
        "links": _links(visit, found, trace),
        "actions": {name: LABELS[name] for name in allowed(found)},
    }


def _ties(visit: Visit, job: Stored) -> dict[str, Any]:
    """What ties the job to others, and the id of the other job that holds its key."""
    holder = other_holder(visit.engine, job)
    return {
        "unique_key": job.unique_key,
        "key_held_by": None if holder is None else holder.job_id,
        "group": job.group,
        "batch": job.batch,
    }


def _kept(visit: Visit, job: Stored) -> float | None:
    """For how many seconds a job stays that has ended like this one; None for good."""
    kept: float | None = getattr(visit.engine.retention, job.status, None)
    if job.kept_until is None or job.status != Status.COMPLETED:
        return kept
    ended = seconds_of(job.failed_at or "")
    return kept if ended is None else max(0.0, job.kept_until - ended)


def _progress(job: Stored) -> dict[str, Any] | None:
    """How far the job has come, as it has told."""
    progress = job.progress
    return None if progress is None else {**progress._asdict(), "percent": progress.percent}


def _result(visit: Visit, job: Stored) -> dict[str, Any] | None:
    """What is kept of the run that completed the job. Its value is shown as a payload is."""
    result = job.result
    if result is None:
        return None
    value = json.dumps(result.value, ensure_ascii=False) if result.is_kept else None
    return {
        "is_kept": result.is_kept,
        "value": None if value is None else visit.payload(value),
        "worker": result.worker,
        "at": result.at,
        "seconds": result.seconds,
    }


def _options(options: Any) -> dict[str, str]:
    """The options that were set on this one job."""
    return {
        words: ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, words in _OPTIONS.items()
        if (value := options.get(name)) is not None
    }


def _errors(job: Stored) -> list[AttemptError]:
    """Why attempts failed, the latest first. The last error's text may be cut in its line; the
    job's exception has all of it."""
    errors = list(job.errors)
    if errors and job.exception is not None and job.exception.startswith(errors[0].text):
        errors[0] = errors[0]._replace(text=job.exception)
    return errors


def _error(error: AttemptError) -> dict[str, Any]:
    return {
        "attempt": error.attempt,
        "at": error.at,
        "seconds": error.seconds,
        "worker": error.worker,
        "kind": error.kind,
        "text": error.text,
    }


def _started(visit: Visit, job: Stored) -> float | None:
    """When the present run began, if its worker has noted that."""
    if job.status != Status.QUEUED:
        return None
    for worker in workers(visit) or ():
        for run in worker.note.running if worker.note is not None else ():
            if run.id == job.id:
                return run.since
    return None


def _trace_id(options: Any) -> str | None:
    trace = options.get("trace")
    parent = trace.get("traceparent") if isinstance(trace, dict) else None
    match = _TRACE.fullmatch(parent) if isinstance(parent, str) else None
    return match[1] if match else None


def _links(visit: Visit, job: Stored, trace: str | None) -> dict[str, str]:
    """Addresses by their text. Those with the id of a trace are left out if there is none."""
    encoded = quote(job.id.encode("utf-8", "surrogatepass"), safe="")
    return {
        text: address.replace("{id}", encoded).replace("{trace_id}", trace or "")
        for text, address in visit.options.links.items()
        if trace is not None or "{trace_id}" not in address
    }
