"""Progress, from the handler to the store."""

from __future__ import annotations

import threading
import time

import pytest

from lightjobs import Job, JobContext, LightjobsError, StoreUnavailable, job
from lightjobs.notes.run_notes import Progress
from lightjobs.workers import told_progress
from tests.support.waiting import wait_until

from .support import new_job
from .working import Worker


class Tells(Job):
    def handle(self):
        gate, step = gates[self.payload["gate"]]
        self.progress(1, 4)
        gate.wait(10)
        self.progress(2, 4, "half")
        step.wait(10)


gates = {}


@pytest.fixture
def gate():
    gates["g"] = threading.Event(), threading.Event()
    yield gates["g"]
    for event in gates["g"]:
        event.set()


def test_progress_reaches_the_store_while_the_job_runs(engine, concurrency, gate, monkeypatch):
    monkeypatch.setattr(told_progress, "TELL_SECONDS", 0.1)
    (job_id,) = engine.push([new_job(Tells, '{"gate":"g"}')])
    worker = Worker(engine, concurrency=concurrency)
    thread = worker.start()
    wait_until(lambda: engine.find(job_id).progress == Progress(1, 4))
    gate[0].set()
    wait_until(lambda: engine.find(job_id).progress == Progress(2, 4, "half"))
    gate[1].set()
    worker.stop(thread)


def test_the_store_learns_of_progress_at_most_once_a_second(engine, gate):
    class Hurries(Job):
        def handle(self):
            until = time.monotonic() + 2.4
            count = 0
            while time.monotonic() < until:
                count += 1
                self.progress(count)

    told = []
    note = engine.results.note_progress
    engine.results.note_progress = lambda worker, notes: told.append(notes) or note(worker, notes)
    engine.push([new_job(Hurries)])
    Worker(engine).run()
    assert 2 <= len(told) <= 3


def test_a_job_that_tells_nothing_costs_no_call(engine, gate):
    class Waits(Job):
        def handle(self):
            time.sleep(0.3)

    engine.results.note_progress = None
    engine.push([new_job(Waits)])
    Worker(engine).run()


@pytest.mark.parametrize("error", [StoreUnavailable("away"), LightjobsError("refused")])
def test_what_the_store_does_not_take_is_sent_again(engine, gate, monkeypatch, caplog, error):
    monkeypatch.setattr(told_progress, "TELL_SECONDS", 0.1)
    note, refused = engine.results.note_progress, []

    def away(worker, notes):
        if len(refused) < 2:
            refused.append(notes)
            raise error
        note(worker, notes)

    engine.results.note_progress = away
    (job_id,) = engine.push([new_job(Tells, '{"gate":"g"}')])
    worker = Worker(engine)
    thread = worker.start()
    wait_until(lambda: engine.find(job_id).progress == Progress(1, 4))
    for event in gate:
        event.set()
    worker.stop(thread)
    assert not caplog.records


def test_a_function_tells_its_progress_by_its_context(engine, gate, monkeypatch):
    monkeypatch.setattr(told_progress, "TELL_SECONDS", 0.1)

    @job("docs.tells")
    def tells(context: JobContext) -> None:
        context.progress(3, text="three")
        gate[0].wait(10)

    job_id = tells.dispatch()
    worker = Worker(engine)
    thread = worker.start()
    wait_until(lambda: engine.find(job_id).progress == Progress(3, None, "three"))
    gate[0].set()
    worker.stop(thread)


@pytest.mark.parametrize(
    "arguments", [("1",), (None,), (True,), (float("nan"),), (1, "x"), (1, float("inf")), (1, 2, 3)]
)
def test_what_is_no_progress_is_refused(arguments):
    with pytest.raises(ValueError, match=r"(done|total|text) of progress\(\) is .*allowed"):
        Tells().progress(*arguments)


def test_progress_may_be_told_where_no_worker_is(engine):
    class Counts(Job):
        def handle(self):
            self.progress(1, 2)
            self.context.progress(2, 2)
            return "done"

    assert Counts().dispatchSync() == "done"
    Tells().progress(1, 2)
