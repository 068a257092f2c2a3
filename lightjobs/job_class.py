"""The Job class, which users subclass and dispatch. Its names are camelCase, as in Lightpack.

Over 300 lines because users look for all that a job has in its class; most of them say what it
promises.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, TypeVar

from . import current
from .dispatching import async_dispatch
from .dispatching.handle_here import handle_here
from .dispatching.new_jobs import batches, new_jobs, new_jobs_in_turns, reads_time
from .errors import PermanentJobFailure
from .execution import by_method, calls, deadlines, definition, job_values, registry, ties
from .execution.backoff import Backoff, RetryAfter
from .execution.context import JobContext, checked_progress, releasing
from .execution.deadlines import Deadline
from .execution.delay import Delay
from .execution.job_values import HEADERS, checked, checked_headers
from .execution.keeping import KeepResult
from .model import BATCH_OPTION, PREVIOUS_OPTION
from .payloads.annotations import adopt_payload_type

if TYPE_CHECKING:
    from datetime import timedelta

    from .flow.runs import BatchRun
    from .payloads.typed import Typed

P = TypeVar("P")


class Job:
    """A unit of work: subclass it, write `handle()`, dispatch it.

    The attributes are the defaults of all jobs of the class; a fluent setter changes one of them
    for one job. Both raise JobDefinitionError for a value that is not allowed. Every run gets a
    fresh object of the class, so nothing set on `self` reaches another run.
    """

    queue: str = "default"
    """The queue the job is stored in: 1 to 55 printable characters without comma, *, ? or %."""
    delay: Delay = "now"
    """When the job becomes due: any PHP strtotime expression, a timedelta or seconds to wait (at
    most 100 years), or a datetime with a time zone."""
    attempts: int = 1
    """How many times the job is run at most, before it counts as failed; up to 1,000,000. The
    project's settings may have another default, as for `retryAfter` and `timeout`."""
    retryAfter: RetryAfter = "now"
    """When a failed run is repeated: any PHP strtotime expression, a list of them (one for each
    attempt, the last for all further ones), or a `Backoff`."""
    noRetry: tuple[type[BaseException], ...] = ()
    """Exceptions after which the job is not repeated, even if attempts remain. A group counts as
    one if all of its members do."""
    priority: str = "normal"
    """lowest, lower, normal, higher or highest. Within a queue, jobs of a higher priority go first.
    """
    timeout: float | None = None
    """Seconds a run may take, at most 1,000,000; None: no limit. When they are over, JobTimeout is
    raised in the handler, and the run counts as failed."""
    keepResult: KeepResult = None
    """For how long a job that is done and what `handle` returned are kept, for `lightjobs.result`:
    a length of time such as "+1 hour", a timedelta or seconds; None: not at all, unless
    RETAIN_COMPLETED keeps all completed jobs. Where that keeps them longer, it counts."""

    expires: Deadline = None
    """By when the job must have been started, counted from its dispatch: a value that `delay` may
    have. Otherwise it ends as cancelled, with the text "expired". None: never."""
    retryUntil: Deadline = None
    """From when on no run begins, counted from the dispatch, whatever attempts remain: a value that
    `delay` may have. The job then fails. None: never."""

    unique: str | None = None
    """Whether one job of the class and a key is enough, and for how long it holds the key: until it
    starts ("waiting"), until it has ended for good ("active"), or for `uniqueFor`, whatever becomes
    of it ("window"). None: any number."""
    uniqueFor: str | timedelta | float = "+1 day"
    """The longest time for which a key is held, from the dispatch on: a length of time such as
    "+1 hour", a timedelta or seconds."""
    whenTaken: str = "keep"
    """What a dispatch does when another job holds the key. "keep" returns the id of that job;
    "refuse" raises JobExists; "replace" gives that job, if it still waits, the new payload, due
    time and priority, and returns its id."""
    groupLimit: int | None = None
    """How many jobs of one group may run at a time, over all workers; None: any number."""

    formerHandlers: ClassVar[tuple[str, ...]] = ()
    """Handler names that jobs of this class were stored under before it was renamed or moved. Those
    that still wait are run by this class. Not inherited."""

    payload: Any
    """The JSON object that was dispatched; a tuple in it has become a list. If a subclass annotates
    it with a dataclass, TypedDict or msgspec Struct, it is checked at dispatch and rebuilt for
    `handle`."""
    context: JobContext
    """Set while the job runs: id, queue, attempt, queued_at, fence, scheduled_for, next_for,
    headers, state, logger."""
    exception: BaseException | None = None
    """What the last run raised; set for `onFailure`."""
    _typed: ClassVar[Typed | None] = None
    _names_attempts: ClassVar[bool] = False
    _differs_by_payload: ClassVar[bool] = False
    _has_deadlines: ClassVar[bool] = False
    _has_ties: ClassVar[bool] = False

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        definition.check(cls, Job)
        if "attempts" in cls.__dict__:
            cls._names_attempts = True
        elif not cls._names_attempts:
            by_method.adopt_attempts(cls, Job)
        cls._has_deadlines = deadlines.has_any(cls)
        cls._has_ties = ties.has_any(cls, Job)
        cls._differs_by_payload = by_method.differs_by_payload(cls, Job)
        adopt_payload_type(cls, Job)
        registry.register(cls, Job, cls._typed)

    def handle(self, *args: Any, **kwargs: Any) -> Any:
        """Do the work; may be `async def`. `self.payload` holds what was dispatched. The job is
        done when it returns; what it raises ends the run, and decides with `attempts` what
        follows. A parameter that is annotated with a class gets the instance of it that an on_start
        function returned, or the JobContext; that of the hooks, too."""
        raise TypeError(f"{type(self).__name__} has no handle() method")

    def onSuccess(self, *args: Any, **kwargs: Any) -> Any:
        """Called after the store has accepted that the job is done; may be `async def`."""

    def onFailure(self, *args: Any, **kwargs: Any) -> Any:
        """Called after the store has accepted that the job failed for good; may be `async def`. See
        `getException`."""

    @calls.on_job
    def setPayload(self, payload: Any) -> Self:
        """Set the payload of this job: a dict, or an object of the annotated type. It is checked at
        dispatch."""
        # Any: typed by the annotation, `self` could not be returned as Self too.
        self.payload = payload
        return self

    def getPayload(self) -> Any:
        """The payload; {} if none was set."""
        return getattr(self, "payload", {})

    @calls.on_job
    def setQueue(self, queue: str) -> Self:
        """Set the queue of this job. Raises JobDefinitionError, as the other setters do."""
        self.queue = checked("queue", queue, "setQueue()")
        return self

    @calls.on_job
    def setDelay(self, delay: Delay) -> Self:
        """Set when this job becomes due: a value that `delay` may have."""
        self.delay = checked("delay", delay, "setDelay()")
        return self

    @calls.on_job
    def setAttempts(self, attempts: int) -> Self:
        """Set how many times this job is run at most."""
        self.attempts = checked("attempts", attempts, "setAttempts()")
        return self

    @calls.on_job
    def setRetryAfter(self, retryAfter: RetryAfter) -> Self:
        """Set when a failed run of this job is repeated."""
        self.retryAfter = checked("retryAfter", retryAfter, "setRetryAfter()")
        names_attempts = self._names_attempts or "attempts" in self.__dict__
        if isinstance(retryAfter, Backoff) and not names_attempts:
            self.attempts = retryAfter.attempts
        return self

    @calls.on_job
    def setPriority(self, priority: str) -> Self:
        """Set this job's priority within its queue."""
        self.priority = checked("priority", priority, "setPriority()")
        return self

    @calls.on_job
    def setTimeout(self, timeout: float | None) -> Self:
        """Set how many seconds a run of this job may take; None: no limit."""
        self.timeout = checked("timeout", timeout, "setTimeout()")
        return self

    @calls.on_job
    def setExpires(self, expires: Deadline) -> Self:
        """Set by when this job must have been started; see `expires`."""
        self.expires = checked("expires", expires, "setExpires()")
        return self

    @calls.on_job
    def setRetryUntil(self, retryUntil: Deadline) -> Self:
        """Set from when on no run of this job begins; see `retryUntil`."""
        self.retryUntil = checked("retryUntil", retryUntil, "setRetryUntil()")
        return self

    @calls.on_job
    def setKeepResult(self, keepResult: KeepResult) -> Self:
        """Set for how long the result of this job is kept; see `keepResult`."""
        self.keepResult = checked("keepResult", keepResult, "setKeepResult()")
        return self

    @calls.on_job
    def setUnique(self, unique: str | None) -> Self:
        """Set for how long this job holds its key; see `unique`."""
        self.unique = checked("unique", unique, "setUnique()")
        self.__dict__["_has_ties"] = True
        return self

    @calls.on_job
    def setUniqueFor(self, uniqueFor: str | timedelta | float) -> Self:
        """Set the longest time for which this job holds its key; see `uniqueFor`."""
        self.uniqueFor = checked("uniqueFor", uniqueFor, "setUniqueFor()")
        return self

    @calls.on_job
    def setWhenTaken(self, whenTaken: str) -> Self:
        """Set what the dispatch of this job does when another holds the key; see `whenTaken`."""
        self.whenTaken = checked("whenTaken", whenTaken, "setWhenTaken()")
        return self

    @calls.on_job
    def setGroup(self, group: str | int | None) -> Self:
        """Set the group of this job, in the place of what `group()` says; None: no group."""
        name = checked("group", group, "setGroup()")
        self.__dict__.update(group=lambda: name, _has_ties=True)
        return self

    @calls.on_job
    def setGroupLimit(self, groupLimit: int | None) -> Self:
        """Set how many jobs of its group may run when this one does; see `groupLimit`."""
        self.groupLimit = checked("groupLimit", groupLimit, "setGroupLimit()")
        return self

    @calls.on_job
    def setHeaders(self, headers: Mapping[str, str]) -> Self:
        """Set what travels with this job next to its payload: a dict of text, of at most 8,192
        characters as JSON. `self.context.headers` has it in every run. It replaces what an earlier
        call has set."""
        self.__dict__[HEADERS] = checked_headers(headers)
        return self

    def dispatch(
        self: calls.HasPayload[P],
        payload: P | Mapping[str, Any] | None = None,
        *,
        connection: Any = None,
    ) -> str:
        """Store the job and return its id. Once this has returned, the job is run until it
        completes, fails for good or is cancelled.

        Without an argument the payload that `setPayload` set is used. `connection` may be a
        connection to the database that holds the jobs: the job is then part of the transaction open
        there, and committed or rolled back with it.

        Raises PayloadError for a payload that is not a JSON object, is too large or does not fit
        the annotation, JobExists for a unique job whose key is taken (only with `whenTaken`
        "refuse"), StoreUnavailable when the store did not take the job (StoreInDoubt when it may
        have), and LightjobsError for a connection that does not lead to the jobs.
        """
        values = calls.payload_for("dispatch", self, payload, Job)
        return current.dispatch(new_jobs(self, [values]), connection)[0]

    @calls.WithConnection
    def dispatchMany(self, payloads: Iterable[Any], *, connection: Any = None) -> list[str]:
        """Store one job for each payload and return their ids in order. 5,000 are stored at a time,
        all of them or none. Can be called on the class, and on a job whose values are to apply:
        `X().setQueue("q").dispatchMany([...])`. `connection` and errors are as for `dispatch`."""
        jobs = new_jobs(self, calls.several(payloads))
        return [id for batch in batches(jobs) for id in current.dispatch(batch, connection)]

    async def dispatchAsync(
        self: calls.HasPayload[P],
        payload: P | Mapping[str, Any] | None = None,
        *,
        connection: Any = None,
    ) -> str:
        """As `dispatch`, without blocking the event loop: other coroutines go on while the store
        answers, and while it is away. Dispatches that wait at the same time are stored together;
        each raises its own errors. `connection` may be an AsyncSession or AsyncConnection of
        SQLAlchemy's or an AsyncConnection of psycopg's.

        The payload is read when the coroutine starts. If it is cancelled, the job is not stored, or
        may be stored if it was on its way.
        """
        values = calls.payload_for("dispatchAsync", self, payload, Job)
        await async_dispatch.load(reads_time(self))
        return (await async_dispatch.dispatch(new_jobs(self, [values]), connection))[0]

    @calls.WithConnection
    async def dispatchManyAsync(
        self, payloads: Iterable[Any], *, connection: Any = None
    ) -> list[str]:
        """As `dispatchMany`, without blocking the event loop; see `dispatchAsync`. The payloads are
        encoded a few at a time, and must not be changed until this has returned."""
        await async_dispatch.load(reads_time(self))
        jobs = await new_jobs_in_turns(self, calls.several(payloads))
        dispatched = [await async_dispatch.dispatch(each, connection) for each in batches(jobs)]
        return [id for ids in dispatched for id in ids]

    def dispatchSync(
        self: calls.HasPayload[P], payload: P | Mapping[str, Any] | None = None
    ) -> Any:
        """Run `handle()` here and now, in a fresh object, and return its result. Nothing is stored,
        repeated or passed to hooks; what `handle()` raises reaches the caller."""
        return handle_here(self, payload, Job)

    def onQueue(self) -> str:
        """The queue this job is stored in; override it to decide by the payload at dispatch."""
        return self.queue

    def uniqueKey(self) -> str | None:
        """The key of this job among those of its class, for `unique`; override it to decide by the
        payload at dispatch. None, as here: the whole payload is the key."""
        return None

    def group(self) -> str | int | None:
        """The group of this job, 1 to 191 characters; override it to decide by the payload at
        dispatch. Within a queue and a priority groups take turns, and `groupLimit` counts the jobs
        of a group. None: no group."""
        return None

    @property
    def batch(self) -> BatchRun | None:
        """The batch that this running job is part of; None if it is part of none."""
        from .flow.runs import batch_of

        return batch_of(self._stored(BATCH_OPTION))

    @property
    def previous(self) -> Any:
        """What the link before this running job in its chain returned; None if it returned
        nothing, was a batch, or there is none."""
        return self._stored(PREVIOUS_OPTION)

    def _stored(self, option: str) -> Any:
        """What the options of the running job have under that name."""
        return self.context.option(option) if "context" in self.__dict__ else None

    def maxAttempts(self) -> int:
        """How many times this job is run at most; override it to decide at run time."""
        return self.attempts

    def rateLimit(self) -> Mapping[str, Any] | None:
        """How often such jobs may run, over all workers; None: no limit.

        `{"limit": 10, "minutes": 1}` allows ten runs a minute. The unit is seconds, minutes, hours
        or days; `key` is the name to count under (default: one for the class). A job beyond the
        limit waits for the next window, spends no attempt, and is put off by up to `jitter`
        (default 0.2, may be above 1) of the window more. A limit of 0 lets no job run.
        """
        return None

    def getException(self) -> BaseException | None:
        """What the last run raised; for `onFailure`."""
        return self.exception

    def failPermanently(self, reason: str) -> NoReturn:
        """End this run, and fail the job for good with `reason`, even if attempts remain. Raises
        PermanentJobFailure to end the run. The outcome stands even if the handler catches that."""
        if "context" in self.__dict__:
            self.context.failPermanently(reason)
        raise PermanentJobFailure(reason)  # handle() was called directly, as by a test

    def progress(self, done: float, total: float | None = None, text: str | None = None) -> None:
        """Tell how far this run has come: `done` of `total`, and what it does. Call it as often as
        you like: it only notes the values, and the worker sends the latest to the store, at most
        once a second. Raises ValueError for what are no numbers or no text."""
        if "context" in self.__dict__:
            self.context.progress(done, total, text)
        else:  # handle() was called directly, as by a test
            checked_progress(done, total, text)

    def complete(self, *, connection: Any) -> None:
        """Complete the job in the transaction that is open on `connection`, a connection to the
        database that holds the jobs. The completion and what the job wrote are then committed
        together, or not at all. Call it in `handle`, before the commit.

        Raises StaleClaim when the job no longer belongs to this run: let it roll the transaction
        back. Raises LightjobsError when no transaction is open, or the connection does not lead to
        the jobs. Without a worker (dispatchSync, JOB_ENGINE=sync) it does nothing.
        """
        self.context.complete(connection=connection)

    def release(self, delay: str = "now", attempts: str = "keep") -> NoReturn:
        """End this run and put the job back, due at `delay`, any PHP strtotime expression.
        `attempts` says what the run costs: "keep" no attempt, "count" one, "reset" gives all of
        them back. Raises JobReleased to end the run, and ValueError for a wrong argument. The
        outcome stands even if the handler catches JobReleased."""
        if "context" in self.__dict__:
            self.context.release(delay, attempts)
        raise releasing(delay, attempts)


job_values.adopt_base(Job)
# `self` too has a default: X.dispatch() then gets as far as the sentence that says what to write.
for _method in (Job.dispatch, Job.dispatchAsync, Job.dispatchSync):
    _method.__defaults__ = (None, None)
