"""The Job class: what users subclass, dispatch and handle. It speaks Lightpack's camelCase."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NoReturn, Protocol, Self, TypeVar, cast

from .current import dispatch, settings
from .errors import PermanentJobFailure
from .execution import job_values, registry
from .execution.async_bridge import run_here
from .execution.backoff import Backoff, RetryAfter
from .execution.context import JobContext, releasing
from .execution.executor import handled
from .execution.job_values import OPTIONS, checked, options_of
from .execution.run import Run
from .model import PRIORITIES, Claim, NewJob
from .payloads.encoding import decode, encode
from .strtotime import strtotime

if TYPE_CHECKING:
    from .payloads.typed import Typed

BATCH = 5000
"""How many jobs `dispatchMany` stores in one round trip."""

EPOCH = "1970-01-01 00:00:00"

F = TypeVar("F")
P = TypeVar("P")
Q = TypeVar("Q", contravariant=True)
R = TypeVar("R", covariant=True)


class _Payload(Protocol[P]):
    """A job as type checkers see it at dispatch: its annotation says what may be dispatched."""

    payload: P


class _OfPayloads(Protocol[Q, R]):
    def __call__(
        self, payloads: Iterable[Q | Mapping[str, Any]], *, connection: Any = None
    ) -> R: ...


class _OnClassOrJob(Generic[F]):
    """A method that works on the class and, with the values set there, on a job."""

    def __init__(self, method: Callable[..., F]) -> None:
        self._method = method
        self.__doc__ = method.__doc__

    def __get__(self, job: _Payload[P] | None, owner: type[_Payload[P]]) -> _OfPayloads[P, F]:
        return self._method.__get__(owner() if job is None else job)  # type: ignore[no-any-return]


class Job:
    """A unit of work: subclass it, write `handle()`, dispatch it.

    The attributes are defaults for all jobs of the class; each has a fluent setter for one job.
    A fresh object of the class is made for every run, so nothing set on `self` reaches another.
    """

    queue: str = "default"
    delay: str = "now"
    """When the job becomes due: any PHP strtotime expression."""
    attempts: int = 1
    """Runs in all, before the job counts as failed."""
    retryAfter: RetryAfter = "now"
    """When a run that failed is repeated: any PHP strtotime expression, a list of them (one for
    each attempt, the last repeats), or a `Backoff`."""
    noRetry: tuple[type[BaseException], ...] = ()
    """Exceptions after which the job is not repeated, whatever attempts remain."""
    priority: str = "normal"
    """lowest, lower, normal, higher or highest: within a queue the higher go first."""
    timeout: float | None = None
    """Seconds a run may take; then JobTimeout is raised in it, and it counts as failed."""

    payload: Any
    """The JSON object that was dispatched. A subclass that annotates it with a dataclass, TypedDict
    or msgspec Struct has it checked at dispatch and rebuilt for `handle`."""
    context: JobContext
    """Set while the job runs: id, queue, attempt, queued_at, fence, logger."""
    exception: BaseException | None = None
    _typed: ClassVar[Typed | None] = None
    _names_attempts: ClassVar[bool] = False

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        job_values.check_class(cls)
        if "attempts" in cls.__dict__:
            cls._names_attempts = True
        elif isinstance(cls.retryAfter, Backoff) and not cls._names_attempts:
            cls.attempts = cls.retryAfter.attempts
        _adopt_payload_type(cls)
        registry.register(cls, Job, cls._typed)

    def handle(self) -> Any:
        """The work itself; may be `async def`. `self.payload` holds what was dispatched."""
        raise TypeError(f"{type(self).__name__} has no handle() method")

    def onSuccess(self) -> Any:
        """Called after the store has accepted that the job is done."""

    def onFailure(self) -> Any:
        """Called after the store has accepted that the job failed for good; see getException."""

    def setPayload(self, payload: Any) -> Self:
        """Set the payload of this job: a dict, or an instance of the type that it annotates. A
        wrong one is refused at dispatch."""
        # Any: a `self` that says which type is annotated cannot also say that Self comes back.
        self.payload = payload
        return self

    def getPayload(self) -> Any:
        """The payload; {} when none was set."""
        return getattr(self, "payload", {})

    def setQueue(self, queue: str) -> Self:
        """Set the queue of this job."""
        self.queue = checked("queue", queue, "setQueue()")
        return self

    def setDelay(self, delay: str) -> Self:
        """Set when this job becomes due, as PHP's strtotime reads it."""
        self.delay = checked("delay", delay, "setDelay()")
        return self

    def setAttempts(self, attempts: int) -> Self:
        """Set how often this job runs at most."""
        self.attempts = checked("attempts", attempts, "setAttempts()")
        return self

    def setRetryAfter(self, retryAfter: RetryAfter) -> Self:
        """Set when a failed run of this job is repeated."""
        self.retryAfter = checked("retryAfter", retryAfter, "setRetryAfter()")
        names_attempts = self._names_attempts or "attempts" in self.__dict__
        if isinstance(retryAfter, Backoff) and not names_attempts:
            self.attempts = retryAfter.attempts
        return self

    def setPriority(self, priority: str) -> Self:
        """Set this job's priority within its queue."""
        self.priority = checked("priority", priority, "setPriority()")
        return self

    def setTimeout(self, timeout: float | None) -> Self:
        """Set how many seconds a run of this job may take; None for as long as it likes."""
        self.timeout = checked("timeout", timeout, "setTimeout()")
        return self

    def dispatch(
        self: _Payload[P], payload: P | Mapping[str, Any] | None = None, *, connection: Any = None
    ) -> str:
        """Store the job and return its id. What has returned will run, at least once.

        Without an argument the payload set by `setPayload` is used. With `connection`, one to the
        database that holds the jobs, the job is part of the transaction open there: committed and
        rolled back with it. Raises PayloadError when the payload is not JSON or too large,
        StoreUnavailable when the store did not take it (StoreInDoubt: or did), LightjobsError
        for a connection that does not lead to the jobs.
        """
        job = cast(Job, self)
        if payload is not None:
            job.payload = payload
        return dispatch(new_jobs(job, [job.getPayload()]), connection)[0]

    @_OnClassOrJob
    def dispatchMany(self, payloads: Iterable[Any], *, connection: Any = None) -> list[str]:
        """Store one job for each payload and return their ids in order: 5,000 at a time, each
        time all or none; with `connection` as `dispatch`. On a job, as on the class:
        `X().setQueue("q").dispatchMany([...])`."""
        jobs = new_jobs(self, payloads)
        return [
            id
            for start in range(0, len(jobs), BATCH)
            for id in dispatch(jobs[start : start + BATCH], connection)
        ]

    def dispatchSync(self: _Payload[P], payload: P | Mapping[str, Any] | None = None) -> Any:
        """Run `handle()` here and now, in a fresh object, and return what it returns. No store,
        no retries, no hooks; what handle() raises reaches the caller."""
        given = cast(Job, self)
        (new,) = new_jobs(given, [given.getPayload() if payload is None else payload])
        run = Run(Claim("sync", 0, new.handler, new.queue, new.payload, 1, 0, EPOCH, None))
        registered = run.look_up()
        run.job = job = type(given)()
        job.__dict__.update({name: getattr(given, name) for name in OPTIONS})
        job.payload = decode(new.payload)
        if registered.typed is not None:
            job.payload = registered.typed.load(job.payload)
        job.context = JobContext(run.claim)
        return run_here(handled(run), registered.is_async)

    def maxAttempts(self) -> int:
        """How often this job runs at most; override to decide at run time."""
        return self.attempts

    def rateLimit(self) -> Mapping[str, Any] | None:
        """How often jobs like this may run, over all workers: `{"limit": 10, "minutes": 1}`, with
        seconds, minutes, hours or days, a `key` to count under (default: one for the class) and a
        `jitter` (default 0.2). A job beyond it waits for the next window and spends no attempt.
        """
        return None

    def getException(self) -> BaseException | None:
        """What the last run raised; for onFailure."""
        return self.exception

    def failPermanently(self, reason: str) -> NoReturn:
        """End this run, and the job as failed with `reason`, whatever attempts remain. Raises
        PermanentJobFailure; an `except Exception` around it changes nothing of the outcome."""
        if "context" in self.__dict__:
            self.context.failPermanently(reason)
        raise PermanentJobFailure(reason)  # nobody runs it: a test, say, has called handle()

    def complete(self, *, connection: Any) -> None:
        """Complete the job in the transaction that is open on `connection`, one to the database
        that holds the jobs: that the job is done and what it did are committed together, or not
        at all. Call it in `handle`, before the commit; the rest goes on as if it had not been.

        Raises StaleClaim when the job is not this run's any more: let it roll the transaction back.
        LightjobsError when there is no transaction, or the connection does not lead to the jobs.
        Where no worker runs the job (dispatchSync, JOB_ENGINE=sync) there is nothing to complete.
        """
        self.context.complete(connection=connection)

    def release(self, delay: str = "now", attempts: str = "keep") -> NoReturn:
        """End this run and put the job back, due at `delay`. `attempts`: "keep" (this run costs
        none), "count" (it costs one) or "reset" (all are given back). Raises JobReleased, and
        ValueError; an `except Exception` around it changes nothing of the outcome."""
        if "context" in self.__dict__:
            self.context.release(delay, attempts)
        raise releasing(delay, attempts)


def new_jobs(job: Job, payloads: Iterable[Any]) -> list[NewJob]:
    """What is pushed to dispatch these payloads with the values of `job`. Raises PayloadError."""
    due = None if job.delay == "now" else strtotime(job.delay).timestamp()
    options = options_of(job)
    limit = settings().max_payload
    handler, priority = registry.handler_of(type(job)), PRIORITIES[job.priority]
    if job._typed is not None:
        payloads = map(job._typed.dump, payloads)
    return [
        NewJob(handler, job.queue, encode(payload, limit), due, priority, options)
        for payload in payloads
    ]


def _adopt_payload_type(job: type[Job]) -> None:
    """Set the payload type by the nearest annotation, unless a nearer class has set its own, as the
    class made for a function does."""
    for owner in job.__mro__[: job.__mro__.index(Job)]:
        if "_typed" in vars(owner):
            return
        if "payload" in vars(owner).get("__annotations__", ()):
            from .payloads import typed  # slow to import, and most jobs have no type

            job._typed = typed.of_class(job, Job)
            return
