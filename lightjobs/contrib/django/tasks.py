"""The backend of Django's tasks: `lightjobs.contrib.django.tasks.LightjobsBackend` in TASKS. It
serves `django.tasks` and the package django-tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any

from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from ... import current
from ...errors import LightjobsError, SettingsError
from ...execution.job_values import checked
from ...job_class import Job
from . import configuration, task_api, task_jobs, task_results

OPTIONS = ("attempts", "retry_after", "keep_result")
"""What OPTIONS of the backend may hold: the first two as in `LIGHTJOBS`, for its tasks alone."""

KEPT_SECONDS = 86_400.0
"""For how long a task that has succeeded and its return value are kept, if OPTIONS do not say."""

_LEVELS = ((34, "highest"), (1, "higher"), (0, "normal"), (-33, "lower"), (-100, "lowest"))
"""From which number of Django's priority on a task has which of ours."""


class LightjobsTask(task_api.base.Task):
    """A task whose function workers know by its dotted path."""

    __slots__ = ()

    def __post_init__(self) -> None:
        task_api.base.Task.__post_init__(self)
        task_jobs.adopt(self)


class LightjobsBackend(task_api.backend.BaseTaskBackend):
    """Enqueues tasks as jobs. Tasks that have succeeded are kept for a while with what they
    returned."""

    task_class = LightjobsTask
    supports_defer = True
    supports_async_task = True
    supports_get_result = True
    supports_priority = True

    def __init__(self, alias: str, params: Mapping[str, Any]) -> None:
        super().__init__(alias, params)
        for name in self.options:
            if name not in OPTIONS:
                raise ImproperlyConfigured(
                    f"TASKS[{alias!r}]['OPTIONS'] has {name!r}; allowed: {', '.join(OPTIONS)}"
                )
        where = f"TASKS[{alias!r}]['OPTIONS']['keep_result']"
        try:
            kept = self.options.get("keep_result", KEPT_SECONDS)
            self.keep_result = checked("keepResult", kept, where)
        except LightjobsError as error:
            raise ImproperlyConfigured(str(error)) from None

    def enqueue(self, task: Any, args: Any, kwargs: Any) -> Any:
        """Dispatch a job for `task` and return its result, which is READY. Raises TypeError or
        ValueError for arguments that JSON cannot hold, StoreUnavailable and SettingsError."""
        self.validate_task(task)
        result = task_results.new(task, args, kwargs)
        job = self._job(task)
        job_id = job.dispatch({"args": result.args, "kwargs": result.kwargs})
        object.__setattr__(result, "id", job_id)
        object.__setattr__(result, "enqueued_at", timezone.now())
        task_api.signals.task_enqueued.send(type(self), task_result=result)
        return result

    def get_result(self, result_id: str) -> Any:
        """The result as far as the store keeps the job. Raises TaskResultDoesNotExist once the job
        is gone, StoreUnavailable and SettingsError."""
        job = current.engine().find(result_id)
        task = None if job is None else task_jobs.task_of(job.handler)
        if job is None or task is None:
            raise task_api.exceptions.TaskResultDoesNotExist(result_id)
        return task_results.stored(job, task)

    def check(self, **kwargs: Any) -> Iterator[checks.CheckMessage]:
        """What is wrong with the settings, as Django's checks."""
        where = f"TASKS[{self.alias!r}]"
        try:
            found = current.settings()
            is_late = configuration.on_commit() and (
                found.engine != "database" or configuration.database_alias() is None
            )
        except SettingsError as error:
            yield checks.Error(f"{where}: {error}", id="lightjobs.E001")
            return
        if is_late:
            yield checks.Error(
                f"{where}: a task needs its id at once, which LIGHTJOBS['on_commit'] makes known "
                "at the commit",
                hint="Keep the jobs in one of DATABASES, or enqueue by transaction.on_commit.",
                id="lightjobs.E002",
            )
        if found.retention.completed == 0 and self.keep_result is None:
            yield checks.Warning(
                f"{where}: a task that has succeeded is dropped, and so is its result",
                hint="Leave 'keep_result' out of OPTIONS, or set it, such as '1 day'.",
                id="lightjobs.W001",
            )

    def _job(self, task: Any) -> Job:
        job = task_jobs.job_of(task)()
        job.setQueue(task.queue_name).setPriority(level(task.priority))
        if task.run_after is not None:
            after = task.run_after
            job.setDelay((after if after.tzinfo else timezone.make_aware(after)).astimezone(UTC))
        try:
            if "attempts" in self.options:
                job.setAttempts(self.options["attempts"])
            if "retry_after" in self.options:
                job.setRetryAfter(self.options["retry_after"])
        except LightjobsError as error:
            raise ImproperlyConfigured(f"TASKS[{self.alias!r}]['OPTIONS']: {error}") from None
        return job


def level(priority: int) -> str:
    """The priority of a job for Django's, which goes from -100 to 100: five levels."""
    return next(name for least, name in _LEVELS if priority >= least)
