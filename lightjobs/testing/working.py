"""Running the due jobs of a test as a worker would, in the test's own thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..engines.control import Engine
from ..errors import JobReleased, RateLimited
from ..execution.async_bridge import run_here
from ..execution.executor import execute
from ..execution.hooks import execute_hook, has_hook, hook_needs_loop
from ..execution.run import Run
from ..execution.variables import Origin
from ..model import Claim, Done, Expired, Failed, Release, Settlement


class Result(NamedTuple):
    """How many runs ended in which way."""

    done: int = 0
    retried: int = 0
    """Runs that raised and will be repeated."""
    failed: int = 0
    """Runs after which the job failed for good."""
    released: int = 0
    """Runs that asked to be repeated, or met a rate limit."""
    cancelled: int = 0
    """Runs whose outcome was refused, because the job was cancelled meanwhile, and jobs that have
    expired."""

    @property
    def runs(self) -> int:
        """All of them."""
        return sum(self)


class TooManyRuns(AssertionError):
    """Jobs were still due after as many runs as the test allows."""


def run_claim(engine: Engine, claim: Claim) -> Run:
    """Run `claim` without settling it."""
    run = Run(claim, store=engine, worker=Working.NAME)
    run.variables = Origin().fresh()
    run_here(execute(run), run.needs_loop(), run.variables)
    return run


def call_hook(run: Run) -> None:
    """Call what is called once the outcome of `run` is accepted."""
    if has_hook(run):
        run_here(execute_hook(run), hook_needs_loop(run), run.variables)


def word_for(run: Run) -> str:
    """The outcome of `run`: a name of Result's fields."""
    if type(run.outcome) is Done:
        return "done"
    if type(run.outcome) is Failed:
        return "failed"
    if type(run.outcome) is Expired:
        return "cancelled"
    asked = isinstance(run.exception, (JobReleased, RateLimited))
    return "retried" if type(run.outcome) is Release and not asked else "released"


class Working:
    """A worker of a test. It runs one job at a time."""

    NAME = "test"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_working = False

    def work(self, queues: Sequence[str] | None, limit: int, raises: bool) -> Result:
        """Run jobs until none is due, those they dispatch included. `queues` None: all, in the
        order of their names. With `raises`, the first exception of a run reaches the caller once
        its outcome is settled. Raises TooManyRuns after `limit` runs."""
        counts = dict.fromkeys(Result._fields, 0)
        if self._is_working:  # a job that dispatches inline: its jobs run after it
            return Result()
        self._is_working = True
        try:
            while claim := self._next(queues):
                if sum(counts.values()) == limit:
                    raise TooManyRuns(
                        f"after {limit} runs there is still a due job, of {claim.handler}: it may "
                        "dispatch itself, or be repeated at once; limit= allows more runs"
                    )
                self._run(claim, counts, raises)
        finally:
            self._is_working = False
            self._engine.recover(self.NAME)  # a claim that was not settled goes back
        return Result(**counts)

    def _next(self, queues: Sequence[str] | None) -> Claim | None:
        names = sorted(self._engine.stats()) if queues is None else queues
        if self._engine.beat([self.NAME], 3600.0):
            self._engine.register(self.NAME, 3600.0)
        return next(iter(self._engine.claim(self.NAME, names, 1)), None)

    def _run(self, claim: Claim, counts: dict[str, int], raises: bool) -> None:
        run = run_claim(self._engine, claim)
        (answer,) = self._engine.settle(self.NAME, [run.outcome])
        if answer is not Settlement.ACCEPTED:
            counts["cancelled"] += 1
            return
        word = word_for(run)
        counts[word] += 1
        call_hook(run)
        if raises and run.exception is not None and word != "released":
            raise run.exception
