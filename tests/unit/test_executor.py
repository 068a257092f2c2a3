import asyncio
import contextlib
import re
import subprocess
import sys
import time

import pytest

import lightjobs
from lightjobs import Job, JobDefinitionError
from lightjobs.errors import JobReleased
from lightjobs.execution import job_values, registry
from lightjobs.execution.async_bridge import run_here
from lightjobs.execution.exception_text import EXCEPTION_BYTES
from lightjobs.execution.executor import execute
from lightjobs.execution.hooks import execute_hook, has_hook, hook_needs_loop
from lightjobs.execution.run import Run
from lightjobs.model import Done, Failed, Release

from .support import claim, run


class Odd(BaseException):
    pass


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("no text")


class MuteAndDumb(Mute):
    def __repr__(self):
        raise RuntimeError("no text")


class Calls(Job):
    """Does what a test put in `act`."""

    act = None

    def handle(self):
        return type(self).act(self)


class CallsAsync(Calls):
    async def handle(self):
        await asyncio.sleep(0)
        return type(self).act(self)


@pytest.fixture(params=[Calls, CallsAsync])
def ending(request, monkeypatch):
    """Run a handler that does `act`, as a sync or an async job."""

    def end(act, **fields):
        monkeypatch.setattr(request.param, "act", act, raising=False)
        return run(request.param, **fields)

    return end


def raising(error):
    def act(_job):
        raise error

    return act


def test_a_handler_that_returns_is_done(ending):
    for value in (None, 7, False, "failed"):
        result = ending(lambda _job, value=value: value)
        assert result.outcome == Done(result.claim.id, result.claim.fence)
        assert result.exception is None
        assert result.seconds > 0


@pytest.mark.parametrize(
    "error",
    [
        ValueError("boom"),
        SystemExit(3),
        SystemExit(0),
        KeyboardInterrupt(),
        MemoryError(),
        GeneratorExit(),
        Odd("odd"),
        StopIteration(1),
        StopAsyncIteration(),
        asyncio.CancelledError(),
        BaseExceptionGroup("several", [ValueError("a"), SystemExit(1)]),
        RecursionError("deep"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_a_handler_raises_is_an_outcome(ending, error):
    result = ending(raising(error))
    assert type(result.outcome) is Failed
    assert type(error).__name__ in result.outcome.exception
    assert result.exception is error or result.exception.__cause__ is error


def test_an_endless_recursion_is_an_outcome(ending):
    def deeper(job):
        return deeper(job)

    result = ending(deeper)
    assert result.outcome.exception.startswith("RecursionError: maximum recursion depth")


@pytest.mark.parametrize("error", [Mute(), MuteAndDumb()], ids=["str", "str and repr"])
def test_an_exception_without_text_is_an_outcome(ending, error):
    result = ending(raising(error))
    assert type(error).__name__ in result.outcome.exception.split("\n")[0]


def test_a_permanent_failure_whose_reason_has_no_text_is_an_outcome(ending):
    result = ending(lambda job: job.failPermanently(Mute()))
    assert type(result.outcome) is Failed


def test_an_unknown_handler_is_failed_with_its_name():
    result = run_here(execute(Run(claim("App\\Jobs\\Nope", attempts=1))), False)
    assert type(result.outcome) is Failed
    assert "Nope" in result.outcome.exception
    assert "JOB_MODULES" in result.outcome.exception
    assert not has_hook(result)


@pytest.mark.parametrize("payload", ["", "{", "null", "[1]", "7", '"x"', "[" * 100_000])
def test_a_payload_that_is_not_an_object_fails_for_good(payload):
    class Never(Job):
        attempts = 5

        def handle(self):
            raise AssertionError("ran")

    result = run(Never, payload)
    assert type(result.outcome) is Failed
    assert result.outcome.exception.startswith("stored payload is")


@pytest.mark.parametrize("options", ["", "[]", "7", "{", '{"attempts":"x"}', '{"retryAfter":7}'])
def test_broken_options_fail_the_job_and_nothing_else(options):
    class Boom(Job):
        def handle(self):
            raise ValueError("boom")

    assert type(run(Boom, options=options).outcome) is Failed


def test_options_set_only_the_attributes_that_are_stored_with_a_job(ending):
    seen = []
    ending(
        lambda job: seen.append((job.attempts, job.retryAfter, job.queue, "handle" in vars(job))),
        options='{"attempts":7,"retryAfter":"+9 seconds","queue":"x","handle":1,"__class__":1}',
    )
    assert seen == [(7, "+9 seconds", "default", False)]


def test_a_job_class_that_cannot_be_made_is_an_outcome():
    class Picky(Job):
        def __init__(self):
            raise ValueError("not today")

        def handle(self):
            pass

    result = run(Picky)
    assert result.outcome.exception.startswith("ValueError: not today")
    assert not has_hook(result)


def test_a_job_without_handle_fails_with_a_reason():
    class Nothing(Job):
        pass

    assert "Nothing has no handle() method" in run(Nothing).outcome.exception


def test_an_async_handler_behind_a_plain_function_runs_to_its_end():
    seen = []

    def plain(method):
        return lambda self: method(self)

    class Decorated(Job):
        @plain
        async def handle(self):
            await asyncio.sleep(0.01)
            seen.append(self.payload)
            if self.payload:
                raise ValueError("boom")

    assert type(run(Decorated).outcome) is Done
    assert run(Decorated, '{"a":1}').outcome.exception.startswith("ValueError: boom")
    assert seen == [{}, {"a": 1}]


class Later:
    """An awaitable that is not a coroutine."""

    def __init__(self, error=None):
        self.error = error

    def __await__(self):
        yield from asyncio.sleep(0.01).__await__()
        if self.error is not None:
            raise self.error
        return 42


async def returns():
    await asyncio.sleep(0.01)
    return 42


def future_of_a_loop_that_stands():
    loop = asyncio.new_event_loop()
    task = loop.create_task(returns())
    task.add_done_callback(lambda _task: loops.append(loop))
    return task


def future_of_a_closed_loop():
    loop = asyncio.new_event_loop()
    future = loop.create_task(returns())
    loop.run_until_complete(future)
    loop.close()
    return future


loops = []


@pytest.fixture
def loops_closed():
    yield
    while loops:
        loops.pop().close()


@pytest.mark.usefixtures("loops_closed")
@pytest.mark.parametrize("timeout", [None, 5])
@pytest.mark.parametrize("make", [Later, future_of_a_loop_that_stands, future_of_a_closed_loop])
def test_an_awaitable_that_handle_returns_is_awaited(make, timeout):
    class Returns(Job):
        def handle(self):
            return make()

    assert Returns().setTimeout(timeout).dispatchSync() == 42
    assert type(run(Returns).outcome) is Done

    class Raises(Job):
        def handle(self):
            return Later(ValueError("boom"))

    assert run(Raises).outcome.exception.startswith("ValueError: boom")


def test_a_future_of_a_running_loop_is_awaited_there_unless_it_would_wait_for_itself():
    class Returns(Job):
        def handle(self):
            return made[0]

    async def inside():
        made[:] = [asyncio.ensure_future(returns())]
        outcome = await asyncio.to_thread(run, Returns)
        made[:] = [asyncio.ensure_future(returns())]
        return outcome, run(Returns)

    made = []
    awaited, refused = asyncio.run(inside())
    assert type(awaited.outcome) is Done
    assert "a future of the running event loop" in refused.outcome.exception


def yields(self):
    yield 1


async def yields_async(self):
    yield 1


@pytest.mark.parametrize("method", [yields, yields_async])
@pytest.mark.parametrize("name", ["handle", "onSuccess", "onFailure"])
def test_a_generator_function_is_refused_at_class_definition(name, method):
    with pytest.raises(JobDefinitionError, match=rf"Yields\.{name} is a generator function"):
        type("Yields", (Calls,), {name: method})


@pytest.mark.parametrize("method", [yields, yields_async])
def test_a_generator_that_handle_returns_fails_the_job(method):
    class Returns(Job):
        def handle(self):
            return method(self)

    assert "handle() returned a generator" in run(Returns).outcome.exception


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


def test_the_text_of_an_exception_is_cut_at_sixteen_kilobytes(ending):
    for text in ("x" * 100_000, "🙂" * 30_000, "\ud83d" * 30_000, "\x00" * 30_000, "\n" * 50_000):
        kept = ending(raising(ValueError(text))).outcome.exception
        assert len(kept.encode()) <= EXCEPTION_BYTES
        assert len(kept) > 1000
        assert "\x00" not in kept
        assert kept.startswith("ValueError: ")


def test_the_text_has_type_and_message_first_then_the_traceback_without_our_frames(ending):
    text = ending(raising(ValueError("boom"))).outcome.exception
    assert text.startswith("ValueError: boom\n\nTraceback (most recent call last):\n")
    files = re.findall(r'File "(.*)", line', text)
    assert set(files) == {__file__}
    assert "raise error" in text


def test_frames_of_a_project_whose_folder_begins_like_ours_are_kept(ending):
    code = compile(
        "def act(job):\n    raise ValueError", lightjobs.__path__[0] + "-shop/x.py", "exec"
    )
    space = {}
    exec(code, space)
    assert "-shop/x.py" in ending(space["act"]).outcome.exception


def test_a_fresh_object_is_made_for_each_run(ending):
    seen = []

    def act(job):
        seen.append((id(job), getattr(job, "left", None)))
        job.left = 1
        job.attempts = 99

    jobs = [ending(act).job for _ in range(2)]
    assert jobs[0] is not jobs[1]
    assert [left for _id, left in seen] == [None, None]


def test_a_handler_sees_its_payload_and_context(ending):
    seen = []
    ending(
        lambda job: seen.append(
            (job.payload, job.getPayload(), job.context.id, job.context.attempt)
        ),
        payload='{"a":1}',
        id="77",
        attempts=2,
    )
    assert seen == [({"a": 1}, {"a": 1}, "77", 2)]


def test_only_an_overridden_hook_counts():
    class Plain(Job):
        def handle(self):
            if self.payload:
                raise ValueError

    class Hooked(Plain):
        def onSuccess(self):
            pass

        def onFailure(self):
            pass

    class Retried(Hooked):
        attempts = 2

    assert [has_hook(run(Plain, p)) for p in ("{}", '{"a":1}')] == [False, False]
    assert [has_hook(run(Hooked, p)) for p in ("{}", '{"a":1}')] == [True, True]
    assert [has_hook(run(Retried, p)) for p in ("{}", '{"a":1}')] == [True, False]


@pytest.mark.parametrize("error", [ValueError("hook"), SystemExit(1), KeyboardInterrupt()])
def test_a_hook_that_raises_is_logged(caplog, error):
    class Hooked(Job):
        def handle(self):
            pass

        def onSuccess(self):
            raise error

    result = run(Hooked)
    run_here(execute_hook(result), False)
    (record,) = caplog.records
    assert "onSuccess" in record.getMessage()
    assert record.job_id == result.claim.id
    assert type(result.outcome) is Done


def test_on_failure_finds_the_exception():
    seen = []

    class Hooked(Job):
        def handle(self):
            raise ValueError("boom")

        def onFailure(self):
            seen.append(self.getException())

    result = run(Hooked)
    run_here(execute_hook(result), False)
    assert seen == [result.exception]


def test_an_async_hook_behind_a_plain_function_runs_to_its_end():
    seen = []

    def plain(method):
        return lambda self: method(self)

    class Hooked(Job):
        def handle(self):
            pass

        @plain
        async def onSuccess(self):
            await asyncio.sleep(0.01)
            seen.append(1)

        def onFailure(self):
            seen.append(2)
            return Later(ValueError("seen"))

    result = run(Hooked)
    run_here(execute_hook(result), hook_needs_loop(result))
    assert seen == [1]


def test_one_look_up_serves_the_runner_and_the_executor():
    class Gone(Job):
        def handle(self):
            pass

    handler = registry.handler_of(Gone)
    made = Run(claim(handler))
    assert not made.needs_loop()
    del registry._registered[handler]
    assert type(run_here(execute(made), False).outcome) is Done


def test_sync_jobs_are_run_without_importing_asyncio():
    script = (
        "import sys\n"
        "from lightjobs import Job\n"
        "from lightjobs.workers import child, loop\n"
        "class Work(Job):\n"
        "    def handle(self): return 42\n"
        "assert Work().dispatchSync({}) == 42\n"
        "assert 'asyncio' not in sys.modules, '40 ms of each start'\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)


@pytest.mark.parametrize("options", ['{"trace": {"traceparent": "00-1-2-01"}}', '{"headers": {}}'])
def test_options_that_change_nothing_about_the_run_are_not_even_read(monkeypatch, options):
    class Plain(Job):
        def handle(self): ...

    monkeypatch.setattr(job_values, "json", None)
    assert job_values.restore(Plain(), options) == {}


def test_a_traced_job_of_the_schedule_keeps_its_entry_and_attempts():
    class Plain(Job):
        def handle(self): ...

    made = Plain()
    options = '{"trace": {"traceparent": "x"}, "entry": "nightly", "attempts": 4}'
    assert job_values.restore(made, options)["entry"] == "nightly"
    assert made.attempts == 4
