"""The jobs of a test: dispatched by the code under test, looked at and run by the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, NoReturn, Self, TypeVar, overload

from .. import current
from ..dispatching.new_jobs import new_jobs
from ..engines.where import Where
from ..errors import LightjobsError
from ..execution import registry
from ..execution.delay import Delay
from ..execution.job_values import options_of
from ..job_class import Job
from ..model import Claim, Status, Stored, utc_text
from ..process import clock
from ..strtotime import strtotime
from .dispatched import Dispatched, Expected, nearest
from .performed import Performed
from .recording import Mode, RecordingEngine
from .schedule import due_moments, run_until
from .working import Result, Working, call_hook, run_claim

J = TypeVar("J", bound=Job)

_ALL = 1_000_000

_NEW = "test"
"""The id of a job that `perform` runs."""


class Jobs:
    """Takes the place of the configured engine while it is entered, and puts it back at the end.

    Jobs wait until `work` runs them. The settings are the project's, its middleware and retry
    policy included; only the store is another one.
    """

    def __init__(self) -> None:
        self._engine = RecordingEngine(lambda: self.work())
        self._working = Working(self._engine)
        self._former: tuple[Any, Any] | None = None

    def __enter__(self) -> Self:
        if self._former is not None:
            raise LightjobsError("these jobs are entered already; make others with Jobs()")
        former, settings = current.made(), current.settings()
        current.stand_in(self._engine, settings)
        self._former = former
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        former, self._former = self._former, None
        clock.reset()
        if former is not None:
            current.use(*former)

    # What was dispatched.

    @overload
    def dispatched(self, job: type[J], *, queue: str | None = None) -> list[Dispatched[J]]: ...
    @overload
    def dispatched(
        self, job: str | None = None, *, queue: str | None = None
    ) -> list[Dispatched[Any]]: ...
    def dispatched(
        self, job: type[Any] | str | None = None, *, queue: str | None = None
    ) -> list[Dispatched[Any]]:
        """The jobs that were dispatched, in order: all, or those of a class (or of the name or
        handler of one) and a queue."""
        expected = Expected(job, queue=queue)
        return [each for each in self._engine.dispatched if _fits(expected, each)]

    def assert_dispatched(
        self,
        job: type[Any] | str,
        payload: Mapping[str, Any] | None = None,
        *,
        queue: str | None = None,
        delay: Delay | None = None,
        priority: str | None = None,
        times: int | None = None,
        where: Callable[[Dispatched[Any]], bool] | None = None,
    ) -> Dispatched[Any]:
        """A job of this class was dispatched whose payload holds `payload`, and perhaps more, and
        which has the other values that are given. With `times` there are as many of them. Returns
        the first. Raises AssertionError, which says what comes nearest."""
        __tracebackhide__ = True
        expected = Expected(job, payload, queue, delay, priority, where)
        found = [each for each in self._engine.dispatched if _fits(expected, each)]
        if times is not None and len(found) != times:
            self._fail(f"{expected}: dispatched {_times(len(found))}, expected {times}", expected)
        if not found:
            self._fail(f"{expected} was not dispatched", expected)
        return found[0]

    def assert_not_dispatched(
        self,
        job: type[Any] | str,
        payload: Mapping[str, Any] | None = None,
        *,
        queue: str | None = None,
        where: Callable[[Dispatched[Any]], bool] | None = None,
    ) -> None:
        """No such job was dispatched."""
        __tracebackhide__ = True
        expected = Expected(job, payload, queue, where=where)
        found = [each for each in self._engine.dispatched if _fits(expected, each)]
        if found:
            self._fail(f"{expected} was dispatched {_times(len(found))}", expected)

    def assert_nothing_dispatched(self, *, queue: str | None = None) -> None:
        """Nothing was dispatched, or nothing to this queue."""
        __tracebackhide__ = True
        if self.dispatched(queue=queue):
            where = "" if queue is None else f" to {queue!r}"
            self._fail(f"something was dispatched{where}", Expected(queue=queue))

    def _fail(self, text: str, expected: Expected) -> NoReturn:
        __tracebackhide__ = True
        raise AssertionError("\n".join([text, *nearest(expected, self._engine.dispatched)]))

    # Running jobs.

    def work(
        self, queue: str | Sequence[str] | None = None, limit: int = 1000, raise_: bool = False
    ) -> Result:
        """Run what is due, and what these jobs dispatch, until nothing is due, and count how the
        runs ended. `queue` is one queue or several, in that order; None: all. With `raise_` the
        exception of a run reaches the test. Raises AssertionError after `limit` runs."""
        queues = [queue] if isinstance(queue, str) else queue
        return self._working.work(queues, limit, raise_)

    def perform(
        self, job: type[Job] | Job, payload: Any = None, *, attempt: int = 1, hooks: bool = True
    ) -> Performed:
        """Run a job once as if it were in its `attempt`-th attempt. Nothing is stored before or
        after. `job` is a class, or an object with values set on it. With `hooks`, onSuccess or
        onFailure is called."""
        given = job() if isinstance(job, type) else job
        values = given.getPayload() if payload is None else payload
        (new,) = new_jobs(given, [values], is_stored=False)
        created_at = utc_text(clock.now())
        claim = Claim(
            *(_NEW, 1, registry.handler_of(type(given)), new.queue, new.payload, attempt, 0),
            *(created_at, options_of(given)),
        )
        run = run_claim(self._engine, claim)
        performed = Performed(run)
        if hooks:
            call_hook(run)
        return performed

    @contextmanager
    def fake(self) -> Iterator[Self]:
        """What is dispatched in this block is remembered and never runs."""
        with self._in_mode(Mode.RECORDED):
            yield self

    @contextmanager
    def inline(self) -> Iterator[Self]:
        """What is dispatched in this block is run before the dispatch returns, as `work` would."""
        with self._in_mode(Mode.INLINE):
            yield self

    @contextmanager
    def _in_mode(self, mode: Mode) -> Iterator[None]:
        if self._former is None:
            with self, self._in_mode(mode):
                yield
            return
        former, self._engine.mode = self._engine.mode, mode
        try:
            yield
        finally:
            self._engine.mode = former

    def assert_failed(
        self,
        job: type[Any] | str,
        *,
        error: type[BaseException] | str | None = None,
        attempts: int | None = None,
    ) -> Stored:
        """A job of this class has failed for good, with this error (its class, or a part of its
        text) and after as many attempts, if they are given. Returns it."""
        __tracebackhide__ = True
        failed = [each for each in self.stored(Status.FAILED) if _is_of(job, each)]
        for each in failed:
            if attempts in (None, each.attempts) and _has_error(each, error):
                return each
        lines = [f"  after {each.attempts}: {_first_line(each.exception)}" for each in failed]
        name = job.__name__ if isinstance(job, type) else job
        said = "no such job failed" if not failed else "failed, with the attempts:"
        raise AssertionError("\n".join([f"{name} with {error}: {said}", *lines]))

    def stored(self, status: str = Status.NEW) -> list[Stored]:
        """The jobs that have this status now."""
        return self._engine.browse(Where(status=status), _ALL)

    # Time.

    @property
    def now(self) -> datetime:
        """The time by which jobs become due."""
        return datetime.fromtimestamp(clock.now(), UTC)

    def travel(self, by: str | timedelta) -> datetime:
        """Move the time, by a timedelta or to what PHP's strtotime reads, and return it. It moves
        for dispatches, due times, retries, locks, rate limits and the schedule."""
        if isinstance(by, timedelta):
            clock.move(by.total_seconds())
        else:
            clock.move(strtotime(by, self.now).timestamp() - clock.now())
        return self.now

    def schedule(self, from_: datetime, to: datetime) -> list[tuple[datetime, str]]:
        """The moments at which config/schedule.py dispatches, after `from_` and up to `to`, each
        with the name of its entry."""
        return due_moments(from_, to)

    def run_schedule(self, to: str | timedelta | datetime) -> list[Dispatched[Any]]:
        """Move the time to `to`, dispatch at each moment on the way what config/schedule.py says,
        and return what was dispatched. The jobs wait for `work`."""
        return run_until(self, self._engine, to)


def _fits(expected: Expected, job: Dispatched[Any]) -> bool:
    return expected.is_of(job) and not expected.differences(job)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _is_of(job: type[Any] | str, stored: Stored) -> bool:
    name = stored.handler.rpartition("\\")[2].rpartition(".")[2]
    if isinstance(job, str):
        return job in (stored.handler, name)
    return registry.handler_of(job) == stored.handler


def _has_error(stored: Stored, error: type[BaseException] | str | None) -> bool:
    if error is None:
        return True
    text = stored.exception or ""
    if isinstance(error, str):
        return error in text
    return _first_line(text).partition(":")[0].rpartition(".")[2] == error.__name__


def _first_line(text: str | None) -> str:
    return (text or "").partition("\n")[0]
