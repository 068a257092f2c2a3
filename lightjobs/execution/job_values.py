"""The values that a job's attributes may have, and those that are stored with a job."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any, TypeVar, cast

from ..errors import JobDefinitionError
from ..model import ENTRY_OPTION, PRIORITIES, QUEUE_NAMES, is_queue
from ..settings.settings import RetryPolicy
from ..text import shortened
from . import backoff, calls, delay

V = TypeVar("V")

OPTIONS = ("attempts", "retryAfter", "timeout")
"""The attributes that are stored with a job if they were set on that job alone."""
_OPTIONS = frozenset(OPTIONS)


_base: type[Any] | None = None
_policy = RetryPolicy()
_replaced: dict[str, Any] = {}
"""The values of Job that the project's policy has replaced."""


def adopt_base(job: type[Any]) -> None:
    """Check `job`, from which all classes inherit, and let it have the values of the project's
    policy."""
    global _base
    check_class(job)
    _base = job
    use_policy(_policy)


def use_policy(policy: RetryPolicy) -> None:
    """Make `policy` the project's: all classes inherit its values that set none of their own."""
    global _policy
    _policy = policy
    if _base is None:
        return
    for name, value in _replaced.items():
        setattr(_base, name, value)
    _replaced.clear()
    attempts = policy.attempts
    if attempts is None and isinstance(policy.retry_after, backoff.Backoff):
        attempts = policy.retry_after.attempts
    for name, value in zip(OPTIONS, (attempts, policy.retry_after, policy.timeout), strict=True):
        if value is not None:
            _replaced[name] = getattr(_base, name)
            setattr(_base, name, value)


def _is_no_retry(value: tuple[type[BaseException], ...]) -> bool:
    return isinstance(value, tuple) and all(issubclass(each, BaseException) for each in value)


def _is_priority(value: str) -> bool:
    return value in PRIORITIES


def _is_timeout(value: float | None) -> bool:
    if value is None:
        return True
    return isinstance(value, (int, float)) and type(value) is not bool and 0 < value <= 1_000_000


_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "queue": (is_queue, QUEUE_NAMES),
    "delay": (delay.is_delay, delay.ALLOWED),
    "retryAfter": (
        backoff.is_retry_after,
        "what PHP's strtotime reads, a list of that (one for each attempt), or a Backoff",
    ),
    "noRetry": (_is_no_retry, "a tuple of exception types"),
    "attempts": (backoff.is_attempts, backoff.ATTEMPTS_ALLOWED),
    "priority": (_is_priority, ", ".join(PRIORITIES)),
    "timeout": (_is_timeout, "seconds, more than 0 and at most 1,000,000, or None"),
}
"""For each attribute the check of a value, which may also raise, and the values it allows."""

ATTRIBUTES = tuple(_CHECKS)


def check_class(job: type[Any]) -> None:
    """Check the attributes of a Job class. One that a method decides is checked when it is read.
    Raises JobDefinitionError."""
    for name in ATTRIBUTES:
        value = getattr(job, name)
        if not hasattr(type(value), "__get__"):
            value = checked(name, value, f"{job.__name__}.{name}")
            if name in vars(job):
                setattr(job, name, value)


def refuse_generator(function: Any, where: str) -> None:
    """Raises JobDefinitionError for a function with `yield` in it. Calling that only makes a
    generator: the job would count as done without a line of it run."""
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise JobDefinitionError(
            f"{where} is a generator function, of which no line would be run; allowed: def or "
            "async def, without yield"
        )


def checked(name: str, value: V, where: str) -> V:
    """`value`, if the attribute `name` of a job may have it; a call of it names the setter. Raises
    JobDefinitionError, which says that it was given at `where`."""
    check, allowed = _CHECKS[name]
    try:
        is_right = check(value)
    except (TypeError, ValueError, AttributeError):
        is_right = False
    if not is_right:
        raise refusal(where, value, allowed)
    return cast(V, calls.callable_value(name, value))


def refusal(where: str, value: object, allowed: str) -> JobDefinitionError:
    """The error for a `value` that was given at `where`."""
    return JobDefinitionError(f"{where} is {shortened(repr(value))}; allowed: {allowed}")


def options_of(job: Any) -> str | None:
    """JSON text of the OPTIONS that were set on this job object; None if none was."""
    if _OPTIONS.isdisjoint(job.__dict__):  # nearly all jobs
        return None
    own = {name: job.__dict__[name] for name in OPTIONS if name in job.__dict__}
    return json.dumps(own, default=backoff.to_json)


def restore(job: Any, options: str) -> str | None:
    """Set on a job object what `options_of` gave. Returns the entry of the schedule that the job is
    for, which stands there too; None for no entry."""
    stored = json.loads(options)
    for name, value in stored.items():
        if name in OPTIONS:
            setattr(job, name, backoff.from_json(value) if name == "retryAfter" else value)
    entry = stored.get(ENTRY_OPTION)
    return entry if isinstance(entry, str) else None
