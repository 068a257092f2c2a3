import asyncio
import threading
import time

import pytest

from lightjobs import Job
from lightjobs.model import Retention
from tests.support.engines import Wrapped, failing, greedy
from tests.support.waiting import wait_until

from .support import ran
from .working import Worker


class Polls(Job):
    attempts = 5

    def handle(self):
        ran.append(self.context.id)
        until = time.monotonic() + self.payload.get("most", 4)
        while time.monotonic() < until:
            time.sleep(0.005)
            if self.context.cancelled:
                ran.append("told")
                return

    def onSuccess(self):
        ran.append("success")

    def onFailure(self):
        ran.append("failure")


class Awaits(Polls):
    async def handle(self):
        ran.append(self.context.id)
        try:
            await asyncio.sleep(self.payload.get("most", 4))
        except asyncio.CancelledError:
            assert self.context.cancelled
            ran.append("told")
            raise


class Quick(Job):
    def handle(self):
        ran.append(self.payload["n"])


@pytest.mark.parametrize("job", [Polls, Awaits])
def test_a_cancelled_job_is_told_and_its_outcome_dropped(engine, concurrency, job, caplog):
    id = job().dispatch()
    worker = Worker(engine, concurrency=concurrency)
    thread = worker.start()
    wait_until(lambda: ran)
    engine.cancel(id)
    thread.join(30)
    assert not thread.is_alive()
    assert ran == [id, "told"]
    assert engine.find(id) is None, "deleted: its worker has let go of it"
    assert worker.lines.cancelled_ids == [id]
    assert worker.lines.lost_ids == worker.lines.ended_ids == []
    assert not caplog.records


def test_a_cancellation_that_the_worker_did_not_notice_is_not_logged_as_lost(
    engine, concurrency, caplog
):
    id = Polls().dispatch({"most": 0.2})
    worker = Worker(engine, concurrency=concurrency)
    thread = worker.start()
    wait_until(lambda: ran)
    engine.cancel(id)
    thread.join(30)
    assert ran == [id]
    assert worker.lines.cancelled_ids == [id]
    assert worker.lines.lost_ids == []
    assert not caplog.records


def test_other_jobs_of_the_worker_are_not_affected_by_a_cancellation(engine):
    ids = Awaits.dispatchMany([{"most": 1.8}] * 2)
    Polls().dispatch({"most": 1.8})
    worker = Worker(engine, concurrency=3)
    thread = worker.start()
    wait_until(lambda: len(ran) == 3)
    Quick.dispatchMany({"n": n} for n in range(10))
    engine.cancel(ids[0])
    thread.join(30)
    assert ran.count("told") == 1
    assert ran.count("success") == 2
    assert set(range(10)) <= set(ran)
    assert engine.stats() == {}


def test_a_job_that_another_worker_has_been_given_is_told_too_and_logged_as_lost(
    engine, concurrency
):
    id = Polls().dispatch()
    worker = Worker(engine, concurrency=concurrency, stop_when_empty=False)
    thread = worker.start()
    wait_until(lambda: ran)
    engine.recover(worker.name)
    wait_until(lambda: "told" in ran)
    worker.stop(thread)
    assert worker.lines.lost_ids == [id]
    assert engine.find(id).status == "new"


def test_a_job_cancelled_while_it_waits_behind_a_long_one_is_not_started(engine, monkeypatch):
    """Usually it has been handed back by then, like all jobs behind a long one. This is for the
    case that the hand-back failed."""
    Polls().setPriority("highest").dispatch({"most": 2})
    quick = Quick.dispatchMany([{"n": 1}, {"n": 2}])
    worker = Worker(greedy(engine), stop_when_empty=False)
    monkeypatch.setattr(worker.loop._keeper, "_relieve", lambda: None)
    thread = worker.start()
    wait_until(lambda: ran)
    engine.cancel(quick[0])
    wait_until(lambda: 2 in ran)
    worker.stop(thread)
    assert 1 not in ran


def test_for_quick_jobs_the_store_is_not_asked(engine):
    asked = []
    watching = Wrapped(engine, held=lambda name: asked.append(name) or engine.held(name))
    Quick.dispatchMany({"n": n} for n in range(2000))
    Worker(watching).run()
    assert asked == []


def test_a_store_that_is_away_is_asked_again_about_cancellations(engine):
    id = Polls().dispatch()
    worker = Worker(Wrapped(engine, held=failing(engine.held, 1)))
    thread = worker.start()
    wait_until(lambda: ran)
    engine.cancel(id)
    thread.join(30)
    assert ran == [id, "told"]


def test_a_handler_may_read_the_cancelled_flag_in_any_thread(engine):
    class Delegates(Job):
        def handle(self):
            ran.append(self.context.id)
            thread = threading.Thread(target=Polls.handle, args=(self,))
            thread.start()
            thread.join()

    id = Delegates().dispatch()
    thread = Worker(engine).start()
    wait_until(lambda: ran)
    engine.cancel(id)
    thread.join(30)
    assert ran == [id, id, "told"]


@pytest.mark.parametrize(("kept", "left"), [(None, "cancelled"), (0.0, None)])
def test_a_job_cancelled_while_it_ran_is_kept_as_long_as_retention_says(engine, kept, left):
    engine.retention = Retention(cancelled=kept)
    id = Polls().dispatch()
    thread = Worker(engine).start()
    wait_until(lambda: ran)
    engine.cancel(id)
    thread.join(30)
    stored = engine.find(id)
    assert (stored and stored.status) == left
