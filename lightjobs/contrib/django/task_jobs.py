"""Functions of tasks as jobs. A job is found by the dotted path of its function, among those that
were imported: nothing is imported because a stored job names it."""

from __future__ import annotations

import inspect
from typing import Any

from ... import current
from ...execution import registry
from ...job_class import Job
from . import task_api, task_results

_jobs: dict[str, type[Job]] = {}
_tasks: dict[str, Any] = {}
"""The task that the decorator made, by the path of its function."""


def adopt(task: Any) -> None:
    """Make the function of `task` known to workers. A task with other values, as `using` makes,
    changes nothing."""
    path = task.module_path
    known = _tasks.get(path)
    if known is not None and known.func is task.func:
        return
    _tasks[path] = task
    _jobs[path] = type(task.func.__name__, (Job,), _body(task))


def job_of(task: Any) -> type[Job]:
    """The class whose jobs run the function of `task`."""
    return _jobs[task.module_path]


def task_of(handler: str) -> Any:
    """The task whose jobs are stored under `handler`; None if none is. The modules of the
    applications are imported for it."""
    if handler not in _tasks:
        registry.load(current.settings().modules)
    return _tasks.get(handler)


def _body(task: Any) -> dict[str, Any]:
    function, takes_context = task.func, task.takes_context
    backend = task.get_backend()

    def begun(job: Job) -> tuple[list[Any], dict[str, Any]]:
        result = task_results.running(job, task)
        job.__dict__["task_result"] = result
        task_api.signals.task_started.send(sender=type(backend), task_result=result)
        first = [task_api.base.TaskContext(task_result=result)] if takes_context else []
        return [*first, *result.args], result.kwargs

    def returned(job: Job, value: Any) -> Any:
        job.__dict__["task_value"] = value
        return value

    def call(job: Job) -> Any:
        args, kwargs = begun(job)
        return returned(job, function(*args, **kwargs))

    async def call_async(job: Job) -> Any:
        args, kwargs = begun(job)
        return returned(job, await function(*args, **kwargs))

    def finished(job: Job) -> None:
        result = job.__dict__.get("task_result")
        if result is None:  # its process died, or its payload is no task's
            return
        task_results.finish(result, job.exception, job.__dict__.get("task_value"))
        task_api.signals.task_finished.send(sender=type(backend), task_result=result)

    return {
        "handler": task.module_path,
        "keepResult": backend.keep_result,
        "handle": call_async if inspect.iscoroutinefunction(function) else call,
        "onSuccess": finished,
        "onFailure": finished,
        "__module__": function.__module__,
        "__qualname__": function.__qualname__,
        "__doc__": function.__doc__,
    }
