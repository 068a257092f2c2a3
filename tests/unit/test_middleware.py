"""What middleware does around a handler."""

import asyncio
import time

import pytest

from lightjobs import Job
from lightjobs.execution import executor
from lightjobs.execution.hooks import has_hook
from lightjobs.middleware import Middleware
from lightjobs.model import Done, Failed, Release

from .middlewares import (
    AsyncWork,
    Marks,
    Outer,
    Unhooked,
    Watcher,
    Work,
    _forget,  # noqa: F401
    seen,
    using_fixture,  # noqa: F401
)
from .support import run
from .working import Worker


class Inner(Outer):
    name = "inner"


@pytest.mark.parametrize("job", [Work, AsyncWork])
def test_the_first_of_the_list_is_outermost_around_sync_and_async_handlers(using, job):
    using(Outer, Inner)
    assert type(run(job).outcome) is Done
    name = job.__name__
    before = [f"outer before {name}", f"inner before {name}", "handle"]
    assert seen == [*before, "inner after 42", "outer after 42"]


@pytest.mark.parametrize("job", [Work, AsyncWork])
def test_what_a_handler_raises_passes_through_and_may_be_changed(using, job):
    class Translates(Middleware):
        async def handle(self, run, next):
            try:
                return await next()
            except ValueError as error:
                if str(error) == "fine":
                    return None
                run.job.failPermanently("translated")

    using(Translates)
    assert type(run(job, '{"raise":"fine"}').outcome) is Done
    outcome = run(job, '{"raise":"not fine"}').outcome
    assert (type(outcome), outcome.exception.split("\n")[0]) == (Failed, "translated")


@pytest.mark.parametrize("job", [Work, AsyncWork])
def test_middleware_that_raises_counts_as_the_handler_raising(using, job):
    class Refuses(Middleware):
        async def handle(self, run, next):
            raise SystemExit("no")

    using(Refuses)
    outcome = run(job).outcome
    assert type(outcome) is Release
    assert seen == []


class Waits(Middleware):
    """Awaits before and after, as middleware that calls another service does."""

    async def handle(self, run, next):
        await asyncio.sleep(0.001)
        try:
            result = await next()
        except BaseException as error:
            seen.append(type(error).__name__)
            raise
        await asyncio.sleep(0.001)
        seen.append("waited")
        return result


def test_middleware_may_await_around_sync_and_async_jobs_alike(using, engine, concurrency):
    using(Outer, Waits)
    Work().dispatch()
    AsyncWork().dispatch()
    Worker(engine, concurrency=concurrency).run()
    assert engine.stats() == {}
    for name in ("Work", "AsyncWork"):
        assert f"outer before {name}" in seen
    assert (seen.count("handle"), seen.count("waited"), seen.count("outer after 42")) == (2, 2, 2)


@pytest.mark.parametrize("raised", [ValueError, SystemExit, KeyboardInterrupt, StopIteration])
def test_what_a_sync_job_raises_reaches_middleware_that_awaits(using, raised):
    class Raises(Job):
        def handle(self):
            raise raised("boom")

    using(Waits)
    for _ in range(2):  # the loop may have been given up: the next job has another
        outcome = run(Raises).outcome
        assert type(outcome) is Failed
    assert len(seen) == 2
    assert type(run(Work).outcome) is Done
    assert seen[2:] == ["handle", "waited"]


@pytest.mark.parametrize("raised", [ValueError, SystemExit, KeyboardInterrupt, StopIteration])
def test_what_a_sync_job_raises_passes_through_every_loop_and_none_stays_broken(using, raised):
    class Raises(Job):
        def handle(self):
            raise raised("boom")

    using(Waits, Outer, Waits, Outer, Waits)
    for _ in range(2):
        assert type(run(Raises).outcome) is Failed
    assert len([each for each in seen if "before" not in each]) == 6
    seen.clear()
    assert type(run(Work).outcome) is Done
    assert seen.count("waited") == 3


def test_a_sync_job_has_no_event_loop_around_it_although_its_middleware_has(using):
    class Loops(Job):
        def handle(self):
            seen.append(asyncio.run(asyncio.sleep(0, "own loop")))

    using(Waits)
    assert type(run(Loops).outcome) is Done
    assert seen == ["own loop", "waited"]


def test_middleware_that_awaits_may_run_a_sync_job_twice_or_not_at_all(using):
    class Again(Waits):
        async def handle(self, run, next):
            await asyncio.sleep(0)
            for _ in range(run.job.payload["times"]):
                await next()

    using(Again)
    for times in (0, 2):
        assert type(run(Work, f'{{"times": {times}}}').outcome) is Done
    assert seen == ["handle", "handle"]


@pytest.mark.parametrize("around", [0.0, 5.0], ids=["in the handler", "in the middleware"])
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_a_jobs_timeout_covers_its_middleware(using, engine, concurrency, around, asynchronous):
    class Slow(Middleware):
        async def handle(self, run, next):
            try:
                await asyncio.sleep(around)
                return await next()
            finally:
                seen.append("tidied up")

    class Sleeps(Job):
        timeout = 0.3

        def handle(self):
            time.sleep(5)
            seen.append("slept it out")

    class SleepsAsync(Sleeps):
        async def handle(self):
            await asyncio.sleep(5)
            seen.append("slept it out")

    using(Slow)
    id = (SleepsAsync if asynchronous else Sleeps)().dispatch()
    if (
        concurrency == 1 or asynchronous
    ):  # a thread that waits in a system call cannot be interrupted
        Worker(engine, concurrency=concurrency).run()
        assert engine.find(id).exception.startswith("timed out after 0.3 s")
        assert seen == ["tidied up"]


def test_middleware_that_awaits_works_in_a_thread_with_a_running_loop(using):
    using(Waits)

    async def main():
        return Work().dispatchSync({})

    assert asyncio.run(main()) == 42
    assert seen == ["handle", "waited"]


def test_middleware_that_awaits_against_its_promise_fails_the_job_and_not_the_worker(
    using, engine, concurrency
):
    class Promises(Waits):
        awaits = False

    using(Promises)
    bad = Work().setAttempts(1).dispatch()
    AsyncWork().dispatch()
    Worker(engine, concurrency=concurrency).run()
    assert "event loop" in engine.find(bad).exception
    assert engine.stats()["default"] | {"new": 0, "failed": 1} == engine.stats()["default"]
    assert seen == ["handle", "waited", "success"]


def test_middleware_without_a_method_takes_the_quick_path_of_it(using, engine, monkeypatch):
    """Not even `handled` is entered for middleware that does not override `handle`, nor does a job
    without hooks wait for its settlement for middleware without `on_settle`."""

    async def refused(run):
        raise AssertionError("handled() was called")

    using(Marks)
    monkeypatch.setattr(executor, "handled", refused)
    assert type(run(Unhooked).outcome) is Done
    assert not has_hook(run(Unhooked))


@pytest.mark.parametrize("job", [Work, AsyncWork])
def test_dispatch_sync_goes_through_handle_and_nothing_else(using, job):
    using(Watcher, Outer)
    assert job().dispatchSync() == 42
    assert seen == [f"outer before {job.__name__}", "handle", "outer after 42"]
