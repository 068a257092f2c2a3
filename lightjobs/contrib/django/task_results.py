"""The results of tasks, as far as a job tells of them."""

from __future__ import annotations

import json
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from ...errors import JobTimeout, LightjobsError
from ...job_class import Job
from ...model import Status, Stored
from ...notes.attempt_errors import AttemptError
from . import task_api

_STATUS = {
    Status.QUEUED: "RUNNING",
    Status.COMPLETED: "SUCCESSFUL",
    Status.FAILED: "FAILED",
    Status.CANCELLED: "FAILED",
}
"""All others are READY."""


def new(task: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """The result of a task that is about to be enqueued. Raises TypeError or ValueError for
    arguments that JSON cannot hold."""
    return _result(task, "", "READY", args, kwargs)


def running(job: Job, task: Any) -> Any:
    """The result of the task that `job` runs now."""
    now, payload = timezone.now(), job.payload
    result = _result(task, job.context.id, "RUNNING", payload["args"], payload["kwargs"])
    _set(result, enqueued_at=_told(job.context.queued_at), last_attempted_at=now)
    _set(result, worker_ids=[""] * job.context.attempt)
    if job.context.attempt == 1:
        _set(result, started_at=now)
    return result


def finish(result: Any, error: BaseException | None, value: Any) -> None:
    """Note that the run is over, with `error`, or without one and with the `value` that the
    function returned."""
    _set(result, finished_at=timezone.now(), status=_status("FAILED" if error else "SUCCESSFUL"))
    _set(result, _return_value=value)
    if error is not None:
        text = "".join(traceback.format_exception(error))
        result.errors.append(
            task_api.base.TaskError(exception_class_path=_path(type(error)), traceback=text)
        )


def stored(job: Stored, task: Any) -> Any:
    """The result of the task whose job the store has."""
    payload = json.loads(job.payload)
    status = _STATUS.get(Status(job.status), "READY")
    result = _result(task, job.id, status, payload["args"], payload["kwargs"])
    attempts = sorted(job.errors, key=lambda error: error.at)
    begun = [error.at - (error.seconds or 0.0) for error in attempts]
    workers = [""] * job.attempts
    for error in attempts:
        if 0 < error.attempt <= len(workers):
            workers[error.attempt - 1] = error.worker
    last_worker = job.worker if status == "RUNNING" else None
    ran = job.result
    if ran is not None:  # the attempt that succeeded
        begun.append(ran.at)
        last_worker = ran.worker
        _set(result, _return_value=ran.value)
    if last_worker and workers:
        workers[-1] = last_worker
    created = datetime.fromisoformat(job.created_at).replace(tzinfo=UTC)
    is_over = status in ("SUCCESSFUL", "FAILED")
    first = datetime.fromtimestamp(begun[0], UTC) if begun else created
    last = datetime.fromtimestamp(begun[-1], UTC) if begun else created
    _set(
        result,
        enqueued_at=_told(created),
        started_at=_told(first) if job.attempts else None,
        last_attempted_at=_told(last) if job.attempts else None,
        finished_at=_ended(job) if is_over else None,
        errors=[_error(error) for error in attempts],
        worker_ids=workers,
    )
    return result


def _ended(job: Stored) -> datetime | None:
    if job.result is not None:  # to the fraction, and so not before it began
        return _told(datetime.fromtimestamp(job.result.at + job.result.seconds, UTC))
    if job.failed_at is None:
        return None
    return _told(datetime.fromisoformat(job.failed_at).replace(tzinfo=UTC))


def _error(error: AttemptError) -> Any:
    """The error of an attempt, whose text begins with the name of its class."""
    headline = error.text.partition("\n")[0]
    name = headline.partition(":")[0]
    if error.kind == "timeout":
        path = _path(JobTimeout)
    elif error.kind == "lost" or not all(part.isidentifier() for part in name.split(".")):
        path = _path(LightjobsError)
    else:
        path = name if "." in name else f"builtins.{name}"
    return task_api.base.TaskError(exception_class_path=path, traceback=error.text)


def _result(task: Any, job_id: str, status: str, args: Any, kwargs: Any) -> Any:
    return task_api.base.TaskResult(
        task=task,
        id=job_id,
        status=_status(status),
        enqueued_at=None,
        started_at=None,
        finished_at=None,
        last_attempted_at=None,
        args=list(args),
        kwargs=dict(kwargs),
        backend=task.backend,
        errors=[],
        worker_ids=[],
    )


def _status(name: str) -> Any:
    return task_api.base.TaskResultStatus[name]


def _set(result: Any, **values: Any) -> None:
    for name, value in values.items():
        object.__setattr__(result, name, value)


def _told(moment: datetime) -> datetime:
    """`moment` as Django's settings want times."""
    found: datetime = moment if settings.USE_TZ else timezone.make_naive(moment)
    return found


def _path(kind: type[BaseException]) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
