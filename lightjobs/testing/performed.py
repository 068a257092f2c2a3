"""One run of a job, and what a test says of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NoReturn

from ..execution.delay import Delay
from ..execution.exception_text import describe
from ..execution.run import Run
from ..model import Release
from ..process import clock
from .dispatched import TOLERANCE, seconds_of
from .working import word_for


class Performed:
    """A run that `Jobs.perform` made. Nothing of it was stored."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._at = clock.now()

    @property
    def outcome(self) -> str:
        """done, retried, failed, released or cancelled (it has expired)."""
        return word_for(self._run)

    @property
    def result(self) -> Any:
        """What `handle()` returned; None if it raised."""
        return self._run.result

    @property
    def exception(self) -> BaseException | None:
        """What ended the run; None: it succeeded."""
        return self._run.exception

    @property
    def delay(self) -> float | None:
        """Seconds until the job is repeated; None if it is not."""
        outcome = self._run.outcome
        return max(0.0, outcome.due - self._at) if isinstance(outcome, Release) else None

    def assert_done(self, *result: Any) -> None:
        """The run succeeded and, if a result is given, returned it."""
        self._expect("done")
        if result and self.result != result[0]:
            raise AssertionError(f"handle() returned {self.result!r}, expected {result[0]!r}")

    def assert_retried(
        self, error: type[BaseException] | None = None, *, delay: Delay = ""
    ) -> None:
        """The run raised, and will be repeated after `delay`, if it is given."""
        self._expect("retried")
        self._expect_error(error)
        self._expect_delay(delay)

    def assert_released(self, delay: Delay = "") -> None:
        """The run asked to be repeated, or met a rate limit."""
        self._expect("released")
        self._expect_delay(delay)

    def assert_failed(self, error: type[BaseException] | str | None = None) -> None:
        """The job failed for good: with an exception of this class, or with this text in it."""
        self._expect("failed")
        self._expect_error(error)

    def _expect(self, outcome: str) -> None:
        if self.outcome != outcome:
            self._fail(f"the run was expected to be {outcome}, but is {self.outcome}")

    def _expect_error(self, error: type[BaseException] | str | None) -> None:
        exception = self.exception
        if isinstance(error, str):
            if exception is None or error not in describe(exception):
                self._fail(f"the run was expected to raise {error!r}")
        elif error is not None and not isinstance(exception, error):
            self._fail(f"the run was expected to raise {error.__name__}")

    def _expect_delay(self, delay: Delay) -> None:
        if delay == "":
            return
        wanted = seconds_of(delay, self._at)
        if self.delay is None or abs(wanted - self.delay) > TOLERANCE:
            got = None if self.delay is None else timedelta(seconds=round(self.delay))
            self._fail(f"the run was expected to be repeated after {delay!r}, but after {got}")

    def _fail(self, text: str) -> NoReturn:
        __tracebackhide__ = True
        if self.exception is not None:
            raise AssertionError(f"{text}: {self.exception!r}") from self.exception
        raise AssertionError(text)
