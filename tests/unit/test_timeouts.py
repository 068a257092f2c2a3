import asyncio
import threading
import time

import pytest

from lightjobs import Job, JobTimeout
from lightjobs.engines import memory
from lightjobs.errors import JobDefinitionError
from lightjobs.model import Failed, Release, utc_text
from lightjobs.workers.shared.journal import Journal

from .support import claim, ran
from .working import Worker

ENDED = ", and went on: its worker was ended"


class Base(Job):
    timeout = 0.15

    def note(self, text):
        ran.append((text, self.payload.get("n")))


class Sleeps(Base):
    def handle(self):
        self.note("start")
        time.sleep(self.payload.get("sleep", 5))
        self.note("end")


class Spins(Base):
    def handle(self):
        self.note("start")
        until = time.monotonic() + self.payload.get("sleep", 5)
        while time.monotonic() < until:
            pass
        self.note("end")


class Awaits(Base):
    async def handle(self):
        self.note("start")
        try:
            await asyncio.sleep(self.payload.get("sleep", 5))
        except asyncio.CancelledError:
            self.note("told")
            raise
        self.note("end")


class Decorated(Base):
    def handle(self):
        return Awaits.handle(self)


class Quick(Job):
    def handle(self):
        ran.append(("quick", threading.get_ident()))


@pytest.mark.parametrize("job", [Sleeps, Spins, Awaits, Decorated])
def test_a_run_that_takes_too_long_fails_with_a_clear_reason(engine, job):
    id = job().dispatch()
    started = time.monotonic()
    Worker(engine).run()
    assert time.monotonic() - started >= 0.15
    stored = engine.find(id)
    assert (stored.status, stored.attempts, stored.recoveries) == ("failed", 1, 0)
    assert stored.exception.startswith("timed out after 0.15 s\n\nTraceback")
    assert "test_timeouts.py" in stored.exception
    assert ("end", None) not in ran


@pytest.mark.parametrize("job", [Spins, Awaits, Decorated])
def test_a_run_that_takes_too_long_in_a_pool_of_threads_fails_too(engine, job):
    id = job().dispatch()
    Quick.dispatchMany([{}] * 20)
    Worker(engine, concurrency=3).run()
    assert engine.find(id).exception.startswith("timed out after 0.15 s")
    assert [text for text, _ in ran].count("quick") == 20
    assert ("end", None) not in ran


def test_a_timeout_is_a_failed_attempt_and_the_job_is_retried(engine, concurrency):
    id = Spins().setAttempts(3).dispatch()
    Worker(engine, concurrency=concurrency).run()
    assert [text for text, _ in ran] == ["start"] * 3
    assert engine.find(id).attempts == 3


def test_retry_after_counts_from_the_timeout(engine, concurrency):
    id = Spins().setAttempts(2).setRetryAfter("+1 hour").dispatch()
    Worker(engine, concurrency=concurrency).run()
    assert (engine.find(id).status, engine.find(id).attempts) == ("new", 1)
    assert engine.stats()["default"]["delayed"] == 1


def test_a_run_that_is_quick_enough_is_not_affected_by_its_timeout(engine, concurrency):
    for job in (Sleeps, Awaits, Decorated):
        job.dispatchMany({"n": n, "sleep": 0.001} for n in range(30))
    Worker(engine, concurrency=concurrency).run()
    assert engine.stats() == {}
    assert [text for text, _ in ran].count("end") == 90


def test_each_job_may_have_a_timeout_of_its_own(engine):
    Sleeps().setTimeout(None).dispatch({"n": 1, "sleep": 0.3})
    Sleeps().setTimeout(10).dispatch({"n": 2, "sleep": 0.3})
    id = Quick().setTimeout(0.5).dispatch()
    assert engine.find(id).options == '{"timeout": 0.5}'
    Worker(engine).run()
    assert [n for text, n in ran if text == "end"] == [1, 2]


@pytest.mark.parametrize("wrong", [0, -1, "3", True, float("nan"), float("inf"), 1e9])
def test_a_wrong_timeout_is_refused_by_name(wrong):
    with pytest.raises(JobDefinitionError, match=r"setTimeout\(\) is .*; allowed: seconds"):
        Quick().setTimeout(wrong)
    with pytest.raises(JobDefinitionError, match=r"Wrong.timeout is"):
        type("Wrong", (Job,), {"timeout": wrong})


def test_a_handler_may_catch_its_timeout_and_still_succeed(engine, concurrency):
    class Careful(Base):
        def handle(self):
            try:
                while True:
                    time.sleep(0.001)
            except JobTimeout:
                self.note("partial")

    Careful().dispatch()
    Worker(engine, concurrency=concurrency).run()
    assert ran == [("partial", None)]
    assert engine.stats() == {}


def test_except_exception_does_not_swallow_a_timeout(engine, concurrency):
    class Stubborn(Base):
        def handle(self):
            while True:
                try:
                    time.sleep(0.001)
                except Exception:
                    ran.append("swallowed")

    id = Stubborn().dispatch()
    Worker(engine, concurrency=concurrency).run()
    assert engine.find(id).status == "failed"
    assert ran == []


def test_a_timeout_error_of_the_handler_itself_is_not_mistaken_for_ours(engine, concurrency):
    class Other(Base):
        async def handle(self):
            async with asyncio.timeout(0.01):
                await asyncio.sleep(1)

    id = Other().dispatch()
    Worker(engine, concurrency=concurrency).run()
    assert engine.find(id).exception.startswith("TimeoutError")


def test_the_failure_hook_learns_of_the_timeout(engine, concurrency):
    class Hooked(Spins):
        def onFailure(self):
            ran.append(str(self.getException()))

    Hooked().dispatch()
    Worker(engine, concurrency=concurrency).run()
    assert ran[-1] == "timed out after 0.15 s"


def test_a_run_that_ends_at_the_moment_of_its_timeout_does_not_disturb_the_next(
    engine, concurrency
):
    """The exception is raised by another thread: it must never arrive too late."""

    class Close(Base):
        timeout = 0.01

        def handle(self):
            until = time.monotonic() + self.payload["for"]
            while time.monotonic() < until:
                pass

        def onSuccess(self):
            ran.append("done")

        def onFailure(self):
            ran.append(str(self.getException()))

    # The last is so long that the thread that throws has its turn on a busy machine, too.
    lengths = (0.002, 0.0095, 0.01, 0.0105, 0.06)
    Close.dispatchMany({"for": lengths[n % 5]} for n in range(100))
    Worker(engine, concurrency=concurrency, timeout_grace=60).run()
    assert len(ran) == 100
    assert set(ran) == {"done", "timed out after 0.01 s"}


def test_no_engine_call_is_cut_off_midway(engine, concurrency, monkeypatch):
    """A timeout in the middle of a push: the push is whole, and nothing after it runs."""

    class Dispatches(Base):
        def handle(self):
            monkeypatch.setattr(memory, "utc_text", slow)
            Quick().setQueue("other").dispatch()
            while True:
                time.sleep(0.001)

    def slow(moment):
        until = time.monotonic() + 0.4
        while time.monotonic() < until:
            pass
        return utc_text(moment)

    id = Dispatches().dispatch()
    Worker(engine, concurrency=concurrency).run()
    assert engine.find(id).exception.startswith("timed out")
    assert engine.stats()["other"]["new"] == 1


def test_a_handlers_own_alarm_is_left_alone(engine):
    import signal

    if threading.current_thread() is not threading.main_thread():
        pytest.skip("needs the main thread")

    class Alarmed(Base):
        timeout = 5

        def handle(self):
            before = signal.signal(signal.SIGALRM, lambda *_: ran.append("alarm"))
            signal.setitimer(signal.ITIMER_REAL, 0.02)
            time.sleep(0.1)
            signal.signal(signal.SIGALRM, before)

    before = signal.getsignal(signal.SIGURG)
    Alarmed().dispatch()
    Worker(engine).run()
    assert ran == ["alarm"]
    assert signal.getsignal(signal.SIGURG) is before


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        (
            Release("7", 3, 1234.5, 2),
            Release("7", 3, 1234.5, 2, f"timed out after 2.5 s{ENDED}"),
        ),
        (Failed("7", 3, "whatever"), Failed("7", 3, f"timed out after 2.5 s{ENDED}")),
    ],
)
def test_the_journal_says_what_becomes_of_an_overdue_job(late, expected):
    journal = Journal()
    reader = Journal(journal.descriptor)
    slot = journal.claimed(claim(id="7", fence=3))
    journal.started(slot)
    journal.timed(slot, time.monotonic() + 0.05, 2.5, late)
    assert reader.overdue() == {}
    time.sleep(0.06)
    assert reader.overdue() == {("7", 3): expected}
    journal.finished(slot, expected)
    assert reader.overdue() == {}
    journal.settled([slot])
    assert journal.claimed(claim(id="8")) == slot
    journal.started(slot)
    assert reader.overdue() == {}
    journal.close()


def test_a_run_that_has_ended_has_no_deadline(engine, concurrency):
    worker = Worker(engine, concurrency=concurrency, timeout_grace=0)
    seen = []

    class Looks(Base):
        timeout = None

        def handle(self):
            time.sleep(0.1)
            seen.append(worker.journal.overdue())

    Sleeps().setTimeout(0.05).dispatch({"sleep": 0.001})
    Looks().setPriority("lowest").dispatch()
    worker.run()
    assert seen == [{}]
