"""Whatever a job is and does, running it ends in an outcome."""

import asyncio
import re
import subprocess
import sys

import pytest

import lightjobs
from lightjobs import Job
from lightjobs.execution import job_values, registry
from lightjobs.execution.async_bridge import run_here
from lightjobs.execution.exception_text import EXCEPTION_BYTES
from lightjobs.execution.executor import execute
from lightjobs.execution.hooks import has_hook
from lightjobs.execution.run import Run
from lightjobs.model import Done, Failed

from . import endings
from .endings import ending_fixture, raising  # noqa: F401
from .support import claim, run


class Odd(BaseException):
    pass


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("no text")


class MuteAndDumb(Mute):
    def __repr__(self):
        raise RuntimeError("no text")


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
    assert set(files) == {endings.__file__}
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
