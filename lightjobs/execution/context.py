"""What a running job can ask about itself: `self.context`."""

from __future__ import annotations

import json
import logging
from collections.abc import MutableMapping
from datetime import UTC, datetime, tzinfo
from typing import Any, NoReturn, Protocol

from ..errors import JobReleased, PermanentJobFailure
from ..model import HEADERS_OPTION, SLOT_OPTION, Claim, Retention
from ..notes.run_notes import TEXT_LENGTH, Progress
from ..process import log_fields
from ..strtotime import strtotime
from . import lifecycle
from .state import State, Values

_logger = logging.getLogger("lightjobs.job")

LARGEST = 1e300
"""Numbers of a progress are smaller, so that reckoning with them does not give infinity."""


class JobLogger(logging.LoggerAdapter[logging.Logger]):
    """A logger whose records carry `job_id`, `job_handler`, `job_queue`, `job_attempt`, and the ids
    of the trace if there is one."""

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        kwargs["extra"] = {
            **(self.extra or {}),
            **log_fields.here(),
            **(kwargs.get("extra") or {}),
        }
        return msg, kwargs


class Completion(Protocol):
    """A transaction of the handler in which its job is completed."""

    def complete(self, job_id: str, fence: int) -> None:
        """Complete the job of the run with this fence."""

    def abandon(self) -> bool:
        """Roll it back if it is still open. Returns whether it was."""


class RunStore(Protocol):
    """What a run needs of the engine that its job came from."""

    @property
    def retention(self) -> Retention:
        """How long jobs stay after they have ended."""

    def hit(self, key: str, most: int, seconds: float) -> float:
        """Count a run under `key`. Returns how many seconds to wait, 0.0 if it may start now."""

    def join(self, connection: Any) -> Completion:
        """Join the transaction that is open on `connection`."""


class JobContext:
    """The job that is running, for its handler: which it is, and how its run may end."""

    __slots__ = (
        *("_claim", "_store", "_values"),
        *("cancelled", "completion", "ending", "id", "told_progress"),
    )

    def __init__(self, claim: Claim, store: RunStore | None = None) -> None:
        self._claim = claim
        self._store = store
        # Looked up here: a thread that the handler starts has no context variables.
        self._values = lifecycle.of_worker()
        self.completion: Completion | None = None
        """The transaction in which `complete` was called; None if it was not."""
        self.ending: Exception | None = None
        """What `release` or `failPermanently` raised. It decides the outcome even if the handler
        catches it."""
        self.id = claim.id
        self.told_progress: Progress | None = None
        """What `progress` was last given. The worker sends it to the store."""
        self.cancelled = False
        """True once the worker knows that the job was cancelled or given to another worker: the
        outcome of this run will be refused. The worker looks about once a second. In an async
        handler it also raises asyncio.CancelledError."""

    @property
    def queue(self) -> str:
        """The queue the job was claimed from."""
        return self._claim.queue

    @property
    def attempt(self) -> int:
        """The number of this run, from 1."""
        return self._claim.attempts

    @property
    def fence(self) -> int:
        """The number of this claim. Of two runs of one job the later has the higher fence, so
        another system that is given it can refuse the earlier run."""
        return self._claim.fence

    @property
    def queued_at(self) -> datetime:
        """When the job was dispatched (UTC, whole seconds)."""
        return datetime.fromisoformat(self._claim.created_at).replace(tzinfo=UTC)

    @property
    def scheduled_for(self) -> datetime | None:
        """The moment of the schedule that the job is for, in the time zone of its entry; None for a
        job that was dispatched otherwise. A job that waited, or is repeated, keeps it."""
        return self._moment(0)

    @property
    def next_for(self) -> datetime | None:
        """The next moment after `scheduled_for` at which the entry was due, as the schedule was
        when the job was dispatched; None if there is none."""
        return self._moment(1)

    def _moment(self, place: int) -> datetime | None:
        options = {} if self._claim.options is None else json.loads(self._claim.options)
        match options.get(SLOT_OPTION):
            case [_, _, str(zone)] as slot if isinstance(slot[place], int):
                return datetime.fromtimestamp(slot[place], _zone(zone))
        return None

    @property
    def headers(self) -> dict[str, str]:
        """What `setHeaders` was given at the dispatch, in every run; {} for none."""
        stored = self.option(HEADERS_OPTION)
        if not isinstance(stored, dict):
            return {}
        return {name: value for name, value in stored.items() if isinstance(value, str)}

    def option(self, name: str) -> Any:
        """What travels with the job under `name`, one of the options in `model`; None if nothing
        does."""
        options = self._claim.options
        if options is None or f'"{name}"' not in options:
            return None
        return json.loads(options).get(name)

    @property
    def state(self) -> State:
        """What the on_start functions of the worker returned, by their names. Without a worker
        (dispatchSync, JOB_ENGINE=sync) the plain ones are called at the first use. Raises
        LightjobsError when one of them raises then."""
        return State(self.values)

    @property
    def values(self) -> Values:
        """The values of `state`, by name."""
        return lifecycle.here() if self._values is None else self._values

    @property
    def logger(self) -> JobLogger:
        """The logger `lightjobs.job`. Its records carry this job's id, handler, queue and
        attempt."""
        return JobLogger(
            _logger,
            {
                "job_id": self.id,
                "job_handler": self._claim.handler,
                "job_queue": self.queue,
                "job_attempt": self.attempt,
            },
        )

    def progress(self, done: float, total: float | None = None, text: str | None = None) -> None:
        """As `Job.progress`: raises ValueError for what are no numbers or no text."""
        self.told_progress = checked_progress(done, total, text)

    def complete(self, *, connection: Any) -> None:
        """As `Job.complete`; for a function, which has no `self`."""
        if self._store is not None:
            self.completion = self._store.join(connection)
            self.completion.complete(self.id, self.fence)

    def release(self, delay: str = "now", attempts: str = "keep") -> NoReturn:
        """As `Job.release`: raises JobReleased, and ValueError for a wrong argument."""
        self._end(releasing(delay, attempts))

    def failPermanently(self, reason: str) -> NoReturn:
        """As `Job.failPermanently`: raises PermanentJobFailure."""
        self._end(PermanentJobFailure(reason))

    def _end(self, ending: Exception) -> NoReturn:
        self.ending = ending
        raise ending

    def __repr__(self) -> str:
        return f"<JobContext {self.id} on {self.queue!r}, attempt {self.attempt}>"


def checked_progress(done: float, total: float | None, text: str | None) -> Progress:
    """The progress with these values. Raises ValueError if one is not allowed."""
    for name, value in (("done", done), ("total", 0 if total is None else total)):
        is_number = isinstance(value, (int, float)) and type(value) is not bool
        if not is_number or not -LARGEST < value < LARGEST:
            raise ValueError(f"{name} of progress() is {value!r}; allowed: a finite number")
    if text is not None and not isinstance(text, str):
        raise ValueError(f"text of progress() is a {type(text).__name__}; allowed: text")
    return Progress(done, total, text and text[:TEXT_LENGTH])


def _zone(name: str) -> tzinfo:
    """The time zone; UTC if this machine does not know it, which the scheduler's machine did."""
    from zoneinfo import ZoneInfo  # here: few jobs ask, and it takes 2 ms of a start

    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return UTC


def releasing(delay: str, attempts: str) -> JobReleased:
    """The error that puts the running job back when it is raised. Raises ValueError if `delay` or
    `attempts` is not allowed."""
    if attempts not in ("keep", "count", "reset"):
        raise ValueError(f"attempts is {attempts!r}; allowed: keep, count, reset")
    if not isinstance(delay, str):
        raise ValueError(
            f"delay is {delay!r}; allowed: what PHP's strtotime reads, such as +5 minutes"
        )
    return JobReleased(strtotime(delay).timestamp(), attempts)
