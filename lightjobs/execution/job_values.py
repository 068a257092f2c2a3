"""The values that a job's attributes may have, and those that are stored with a job."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from ..errors import JobDefinitionError
from ..model import (
    BATCH_OPTION,
    CHAIN_OPTION,
    ENTRY_OPTION,
    HEADERS_OPTION,
    PRIORITIES,
    QUEUE_NAMES,
    WHEN_TAKEN,
    is_queue,
)
from ..settings.settings import RetryPolicy
from ..text import shortened
from . import backoff, calls, deadlines, delay, keeping, ties
from .deadlines import DEADLINES

V = TypeVar("V")

_POLICY = ("attempts", "retryAfter", "timeout")
"""The attributes that the project's policy may decide."""
OPTIONS = (*_POLICY, "keepResult")
"""The attributes that are stored with a job if they were set on that job alone."""
HEADERS = "_headers"
"""The attribute of a job with what is stored as HEADERS_OPTION."""
_STORED = frozenset((*OPTIONS, *DEADLINES, HEADERS))
_READ = (ENTRY_OPTION, CHAIN_OPTION, BATCH_OPTION, *OPTIONS, *DEADLINES.values())
_RESTORED = tuple(f'"{name}"' for name in _READ)
"""The names that `restore` looks for, as they stand in JSON text."""

HEADERS_LENGTH = 8192
"""The most characters that a job's headers may have as JSON."""


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
    for name, value in zip(_POLICY, (attempts, policy.retry_after, policy.timeout), strict=True):
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
    "expires": (deadlines.is_deadline, deadlines.ALLOWED),
    "retryUntil": (deadlines.is_deadline, deadlines.ALLOWED),
    "timeout": (_is_timeout, "seconds, more than 0 and at most 1,000,000, or None"),
    "keepResult": (keeping.is_keep_result, keeping.ALLOWED),
    "unique": (ties.is_scope, ties.SCOPES_ALLOWED),
    "uniqueFor": (keeping.is_length, keeping.LENGTH_ALLOWED),
    "whenTaken": (lambda value: value in WHEN_TAKEN, ties.WHEN_TAKEN_ALLOWED),
    "groupLimit": (ties.is_limit, ties.LIMIT_ALLOWED),
    "group": (ties.is_group, ties.GROUP_ALLOWED),
}
"""For each attribute the check of a value, which may also raise, and the values it allows."""

ATTRIBUTES = tuple(name for name in _CHECKS if name != "group")
"""Those that are attributes. The group of a job is decided by a method."""


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


def checked_headers(headers: Any) -> dict[str, str]:
    """A copy of `headers`, if a job may have them. Raises JobDefinitionError, which shows no value:
    it may be a secret."""
    if not isinstance(headers, Mapping):
        raise JobDefinitionError(
            f"setHeaders() is given a value of type {type(headers).__name__}; allowed: a dict of "
            "text to text"
        )
    for name, value in headers.items():
        if not isinstance(name, str) or not name:
            raise JobDefinitionError(
                f"setHeaders() is given the name {shortened(repr(name))}; allowed: text that is "
                "not empty"
            )
        if not isinstance(value, str):
            raise JobDefinitionError(
                f"setHeaders() is given a value of type {type(value).__name__} for "
                f"{shortened(repr(name))}; allowed: text"
            )
    made = {str(name): str(value) for name, value in headers.items()}
    if (length := len(json.dumps(made))) > HEADERS_LENGTH:
        raise JobDefinitionError(
            f"setHeaders() is given headers that have {length} characters as JSON; allowed: "
            f"{HEADERS_LENGTH}"
        )
    return made


def options_of(job: Any, due: float | None = None) -> str | None:
    """JSON text of the OPTIONS and headers that were set on this job object, which is due at `due`,
    and of its deadlines; None if there are none."""
    values = job.__dict__
    if _STORED.isdisjoint(values) and not job._has_deadlines:  # nearly all jobs
        return None
    own = {name: values[name] for name in OPTIONS if name in values}
    if own.get("keepResult") is not None:
        own["keepResult"] = keeping.seconds_of(own["keepResult"])
    own |= deadlines.moments(job, due)
    if HEADERS in values:
        own[HEADERS_OPTION] = values[HEADERS]
    return json.dumps(own, default=backoff.to_json) if own else None


def restore(job: Any, options: str) -> dict[str, Any]:
    """Set on a job object what `options_of` gave. Returns what the options hold, or {} where that
    matters to nobody but the handler."""
    for name in _RESTORED:
        if name in options:
            break
    else:  # only a trace or headers: reading that would take longer than a small job
        return {}
    stored: dict[str, Any] = json.loads(options)
    for name, value in stored.items():
        if name in OPTIONS:
            setattr(job, name, backoff.from_json(value) if name == "retryAfter" else value)
    deadlines.restore(job, stored)
    return stored
