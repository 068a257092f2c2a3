"""Attributes of a job that a class decides by a method, as Lightpack's `retryAfter()`."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from .backoff import Backoff
from .job_values import checked

_METHODS = (FunctionType, property, classmethod, staticmethod)


class ByMethod:
    """In the place of the method `name` of a class: reading the attribute of a job calls the method
    and checks what it returns. What a setter sets on one job comes before it.

    While the method runs, the attribute has the value that the class inherits, so that the method
    may start from it.
    """

    def __init__(self, name: str, method: Any, source: type[Any]) -> None:
        """`source` is the class from which the attribute is inherited. Its value may still change:
        that of Job follows the project's settings."""
        self._name = name
        self._method: Any = method.fget if isinstance(method, property) else method
        self._source = source

    def __get__(self, job: Any, owner: type[Any]) -> Any:
        if job is None:
            return self
        inherited = vars(self._source)[self._name]
        if isinstance(inherited, ByMethod):
            inherited = inherited.__get__(job, owner)
        job.__dict__[self._name] = inherited
        try:
            value = self._method.__get__(job, owner)()
        finally:
            del job.__dict__[self._name]
        return checked(self._name, value, f"{owner.__name__}.{self._name}()")


def adopt(job: type[Any], name: str) -> Any:
    """If the class `job` has a method where a job has the attribute `name`, let it decide the
    attribute from now on. Returns the method; None if there is none."""
    owners = [owner for owner in job.__mro__ if name in vars(owner)]
    method = vars(owners[0])[name]
    if not isinstance(method, _METHODS):
        return None
    source = next(owner for owner in owners if not isinstance(vars(owner)[name], _METHODS))
    setattr(job, name, ByMethod(name, method, source))
    return method


def adopt_attempts(job: type[Any], base: type[Any]) -> None:
    """Let a Backoff give the attempts of the class `job`, which names none. A Backoff of `base` is
    that of the project's settings, and not the class's own."""
    if isinstance(job.retryAfter, Backoff):
        if job.retryAfter is not base.retryAfter:
            job.attempts = job.retryAfter.attempts
    elif isinstance(job.retryAfter, ByMethod):

        def attempts(job: Any) -> Any:
            policy = job.retryAfter
            return policy.attempts if isinstance(policy, Backoff) else job.attempts

        source = next(owner for owner in job.__mro__ if "attempts" in vars(owner))
        job.attempts = ByMethod("attempts", attempts, source)


def differs_by_payload(job: type[Any], base: type[Any]) -> bool:
    """Whether a method of the class `job`, made from `base`, decides a value with which its jobs
    are stored."""
    names = ("queue", "delay", "priority", "expires", "retryUntil")
    decided = (getattr(job, name) for name in names)
    return job.onQueue is not base.onQueue or any(isinstance(each, ByMethod) for each in decided)
