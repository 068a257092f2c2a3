"""A job that was dispatched, and how far it is what a test expects."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from ..errors import JobDefinitionError, UnknownHandler
from ..execution import registry
from ..execution.delay import Delay
from ..model import PRIORITIES, NewJob
from ..payloads.encoding import decode, encode
from ..strtotime import strtotime

J = TypeVar("J")

TOLERANCE = 2.0
"""Seconds by which a delay may differ from the expected one: time passes between both."""

_PRIORITY_NAMES = {number: name for name, number in PRIORITIES.items()}
_ABSENT = object()


@dataclass(frozen=True)
class Dispatched(Generic[J]):
    """A job that was dispatched in a test."""

    id: str
    handler: str
    """The stored handler."""
    queue: str
    payload: dict[str, Any]
    """The payload as the job will get it."""
    priority: str
    delay: float
    """Seconds from the dispatch to the time the job is due; 0.0: it was due at once."""
    at: float
    """When it was dispatched, in unix seconds."""
    options: dict[str, Any] = field(default_factory=dict)
    """What was set on this one job: attempts, retryAfter, timeout."""
    job: type[J] | None = None
    """The class of the job; None if this process has none with that handler."""

    @property
    def name(self) -> str:
        """The name of its class, for people."""
        return self.handler.rpartition("\\")[2].rpartition(".")[2]


def recorded(job_id: str, job: NewJob, now: float) -> Dispatched[Any]:
    """What is remembered of `job`, dispatched `now`."""
    try:
        kind = registry.lookup(job.handler).job
    except UnknownHandler:
        kind = None
    return Dispatched(
        id=job_id,
        handler=job.handler,
        queue=job.queue,
        payload=decode(job.payload),
        priority=_PRIORITY_NAMES.get(job.priority, str(job.priority)),
        delay=0.0 if job.due is None else job.due - now,
        at=now,
        options={} if job.options is None else json.loads(job.options),
        job=kind,
    )


@dataclass(frozen=True)
class Expected:
    """What a test says of a job. None: it may be anything."""

    job: type[Any] | str | None = None
    payload: Mapping[str, Any] | None = None
    queue: str | None = None
    delay: Delay | None = None
    priority: str | None = None
    where: Callable[[Dispatched[Any]], bool] | None = None

    def __str__(self) -> str:
        values = {"queue": self.queue, "delay": self.delay, "priority": self.priority}
        said = [f"{name} {value!r}" for name, value in values.items() if value is not None]
        if self.payload is not None:
            said.insert(0, f"payload {_normal(self.payload)!r}")
        if self.where is not None:
            said.append("which `where` accepts")
        what = self.job.__name__ if isinstance(self.job, type) else self.job or "a job"
        return f"{what} with {', '.join(said)}" if said else what

    def is_of(self, job: Dispatched[Any]) -> bool:
        """Whether `job` is of the class, whatever its values."""
        if self.job is None:
            return True
        if isinstance(self.job, str):
            return self.job in (job.handler, job.name)
        return job.job is self.job or job.handler == _handler(self.job)

    def differences(self, job: Dispatched[Any]) -> list[str]:
        """How `job`, which is of the class, differs from this; [] if it does not."""
        found = []
        for name in ("queue", "priority"):
            wanted, got = getattr(self, name), getattr(job, name)
            if wanted not in (None, got):
                found.append(f"{name}: expected {wanted!r}, got {got!r}")
        if self.delay is not None:
            seconds = seconds_of(self.delay, job.at)
            if abs(seconds - job.delay) > TOLERANCE:
                got = f"+{job.delay:.0f} seconds" if job.delay else "now"
                found.append(f"delay: expected {self.delay!r}, got {got!r}")
        if self.payload is not None:
            found += _missing(_normal(self.payload), job.payload)
        if not found and self.where is not None and not self.where(job):
            found.append("`where` does not accept it")
        return found


def _missing(wanted: Mapping[str, Any], got: Mapping[str, Any]) -> list[str]:
    """How the values that are wanted differ. Other values do not matter."""
    found = []
    for key, value in wanted.items():
        there = got.get(key, _ABSENT)
        if there is _ABSENT:
            found.append(f"payload[{key!r}]: expected {value!r}, got nothing")
        elif there != value or type(there) is not type(value):
            found.append(f"payload[{key!r}]: expected {value!r}, got {there!r}")
    return found


def _normal(payload: Mapping[str, Any]) -> dict[str, Any]:
    """`payload` as a job gets it: tuples have become lists."""
    return decode(encode(payload))


def seconds_of(delay: Delay, at: float) -> float:
    """The seconds that `delay` means for a job dispatched `at`; none for a moment in the past."""
    if isinstance(delay, str):
        due = strtotime(delay, datetime.fromtimestamp(at, UTC)).timestamp()
        return max(0.0, due - at) if delay != "now" else 0.0
    if isinstance(delay, datetime):
        return max(0.0, delay.timestamp() - at)
    return delay.total_seconds() if isinstance(delay, timedelta) else float(delay)


def _handler(job: type[Any]) -> str | None:
    try:
        return registry.handler_of(job)
    except JobDefinitionError:
        return None


def nearest(expected: Expected, jobs: list[Dispatched[Any]]) -> list[str]:
    """Lines about the jobs that come nearest to `expected`, the nearest first, three at most."""
    if not jobs:
        return ["nothing was dispatched"]
    ranked = sorted(jobs, key=lambda job: (not expected.is_of(job), len(expected.differences(job))))
    lines = [f"dispatched: {len(jobs)}, the nearest first"]
    for job in ranked[:3]:
        lines.append(f"  {job.name} on {job.queue!r} with payload {_shown(job.payload)}")
        if expected.is_of(job):
            lines += [f"    {line}" for line in expected.differences(job)]
    return lines


def _shown(payload: Mapping[str, Any]) -> str:
    text = repr(dict(payload))
    return text if len(text) <= 200 else f"{text[:200]}…"
