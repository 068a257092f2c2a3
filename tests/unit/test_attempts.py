"""Which outcome a run that did not succeed has: retried, released, or failed for good."""

import asyncio
import contextlib
import time

import pytest

from lightjobs import Job
from lightjobs.errors import JobReleased
from lightjobs.execution.async_bridge import run_here
from lightjobs.execution.hooks import has_hook
from lightjobs.model import Failed, Release

from .endings import ending_fixture  # noqa: F401
from .support import run


@pytest.mark.parametrize(
    ("attempt", "most", "again"), [(1, 1, False), (1, 3, True), (2, 3, True), (3, 3, False)]
)
def test_a_failure_is_retried_while_attempts_remain(attempt, most, again):
    class Boom(Job):
        attempts = most
        retryAfter = "+90 seconds"

        def handle(self):
            raise ValueError("boom")

    before = time.time()
    outcome = run(Boom, attempts=attempt, fence=9).outcome
    assert outcome.fence == 9
    if again:
        assert type(outcome) is Release
        assert before + 89 <= outcome.due <= time.time() + 90
        assert outcome.attempts == attempt
    else:
        assert type(outcome) is Failed


def test_attempts_lower_than_those_already_spent_end_the_job():
    class Boom(Job):
        attempts = 2

        def handle(self):
            raise ValueError("boom")

    assert type(run(Boom, attempts=5).outcome) is Failed


def test_stored_attempts_and_retry_after_decide():
    class Boom(Job):
        def handle(self):
            raise ValueError("boom")

    outcome = run(Boom, options='{"attempts":2,"retryAfter":"+1 hour"}').outcome
    assert outcome.due > time.time() + 3590
    assert type(run(Boom, attempts=2, options='{"attempts":2}').outcome) is Failed


def test_max_attempts_can_decide_at_run_time():
    class Boom(Job):
        def maxAttempts(self):
            return self.payload["most"]

        def handle(self):
            raise ValueError("boom")

    assert type(run(Boom, '{"most":2}').outcome) is Release
    assert type(run(Boom, '{"most":1}').outcome) is Failed


@pytest.mark.parametrize("error", [ValueError("worse"), SystemExit(1), KeyboardInterrupt()])
def test_max_attempts_that_raises_fails_the_job(error):
    class Boom(Job):
        def maxAttempts(self):
            raise error

        def handle(self):
            raise ValueError("boom")

    outcome = run(Boom).outcome
    assert type(outcome) is Failed
    assert type(error).__name__ in outcome.exception


def test_a_retry_after_set_wrong_by_the_handler_fails_the_job_with_the_reason():
    class Boom(Job):
        attempts = 3

        def handle(self):
            self.retryAfter = "when pigs fly"
            raise ValueError("boom")

    outcome = run(Boom).outcome
    assert type(outcome) is Failed
    assert "when pigs fly" in outcome.exception


@pytest.mark.parametrize(("attempts", "stored"), [("keep", 1), ("count", 2), ("reset", 0)])
def test_release_costs_what_it_says(ending, attempts, stored):
    before = int(time.time())
    result = ending(lambda job: job.release("+30 seconds", attempts), attempts=2)
    outcome = result.outcome
    assert (type(outcome), outcome.attempts) == (Release, stored)
    assert before + 30 <= outcome.due <= time.time() + 30
    assert not has_hook(result)


def test_release_works_on_the_last_attempt(ending):
    assert type(ending(lambda job: job.release(), attempts=1).outcome) is Release


def test_a_permanent_failure_ends_whatever_attempts_remain():
    class Hopeless(Job):
        attempts = 5

        def handle(self):
            self.failPermanently("card is stolen")

    outcome = run(Hopeless).outcome
    assert type(outcome) is Failed
    assert outcome.exception.startswith("card is stolen\n")


def releases(job):
    job.release("+30 seconds")


def gives_up(job):
    job.failPermanently("card is stolen")


def swallowed(end, job):
    with contextlib.suppress(Exception):
        end(job)


def raised_over(end, job):
    try:
        end(job)
    finally:
        raise ValueError("could not clean up")


def grouped(end, job):
    async def member():
        end(job)

    async def group():
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(member())

    run_here(group(), needs_loop=True)


@pytest.mark.parametrize("around", [swallowed, raised_over, grouped])
def test_release_and_fail_permanently_decide_whatever_becomes_of_their_exception(ending, around):
    released = ending(lambda job: around(releases, job))
    assert (type(released.outcome), released.outcome.attempts) == (Release, 0)
    assert type(released.exception) is JobReleased
    failed = ending(lambda job: around(gives_up, job))
    assert type(failed.outcome) is Failed
    assert failed.outcome.exception.startswith("card is stolen\n")
