"""The ties of a job to others, as its class and setters name them: a key, a group and its limit."""

from __future__ import annotations

import json
from typing import Any

from ..errors import JobDefinitionError
from ..model import GROUP_LENGTH, UNIQUE_SCOPES, WHEN_TAKEN, Flow, Unique, stored_key
from ..text import shortened
from .keeping import seconds_of

SCOPES_ALLOWED = f"{', '.join(UNIQUE_SCOPES)}, or None"

WHEN_TAKEN_ALLOWED = ", ".join(WHEN_TAKEN)

LIMIT_ALLOWED = "a whole number from 1 to 1,000,000, or None"

GROUP_ALLOWED = f"text of 1 to {GROUP_LENGTH} printable characters, a whole number, or None"


def is_scope(value: object) -> bool:
    """Whether `unique` may be `value`."""
    return value is None or value in UNIQUE_SCOPES


def is_limit(value: object) -> bool:
    """Whether `groupLimit` may be `value`."""
    if value is None:
        return True
    return isinstance(value, int) and type(value) is not bool and 1 <= value <= 1_000_000


def is_group(value: object) -> bool:
    """Whether a job's group may be `value`."""
    if value is None or (isinstance(value, int) and type(value) is not bool):
        return True
    return isinstance(value, str) and 0 < len(value) <= GROUP_LENGTH and value.isprintable()


def has_any(job: Any, base: type[Any]) -> bool:
    """Whether jobs of the class `job`, made from `base`, have a key or a group."""
    return job.unique is not None or job.group is not base.group


def flow_of(job: Any, handler: str, payload: str) -> Flow | None:
    """The ties of a job that is stored under `handler` with `payload`, JSON text; None for none.
    Raises JobDefinitionError for a key or a group that its methods may not return."""
    unique = None
    if job.unique is not None:
        key = stored_key(handler, _key(job, payload))
        unique = Unique(key, job.unique, seconds_of(job.uniqueFor), job.whenTaken)
    group = job.group()
    if not is_group(group):
        raise _refusal(job, "group", group, GROUP_ALLOWED)
    if unique is None and group is None:
        return None
    limit = None if group is None else job.groupLimit
    return Flow(unique, None if group is None else str(group), limit)


def canonical(payload: str) -> str:
    """The JSON text `payload` with its keys in order and without spaces: equal payloads have equal
    texts."""
    return json.dumps(
        json.loads(payload), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )


def _key(job: Any, payload: str) -> str:
    key = job.uniqueKey()
    if key is None:  # that of Job: the payload
        return canonical(payload)
    if not isinstance(key, str) or not key:
        raise _refusal(job, "uniqueKey", key, "text that is not empty")
    return str(key)


def _refusal(job: Any, method: str, value: object, allowed: str) -> JobDefinitionError:
    where = f"{type(job).__name__}.{method}()"
    return JobDefinitionError(f"{where} is {shortened(repr(value))}; allowed: {allowed}")
