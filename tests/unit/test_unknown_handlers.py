"""Jobs whose handler this worker does not know wait for one that does."""

import time

import pytest

from lightjobs import Job
from lightjobs.execution import registry
from lightjobs.model import NewJob, utc_text
from tests.support.waiting import wait_until

from .support import ran
from .working import Worker

DAY = 86400.0


class Known(Job):
    def handle(self):
        ran.append(self.payload["n"])


def push(engine, handler, count=1, **fields):
    jobs = [NewJob(handler, "default", f'{{"n":{n}}}', **fields) for n in range(count)]
    return engine.push(jobs)


def known(engine, count):
    return push(engine, registry.handler_of(Known), count)


@pytest.fixture(autouse=True)
def _forget():
    ran.clear()


@pytest.mark.parametrize("concurrency", [1, 3])
def test_they_go_back_at_no_cost_and_hold_up_no_other_job(engine, concurrency, caplog):
    ids = push(engine, "App\\Jobs\\Newer", 700)
    known(engine, 300)
    before = [engine.find(id) for id in ids]
    worker = Worker(engine, concurrency=concurrency).run()
    assert sorted(ran) == list(range(300))
    assert [engine.find(id) for id in ids] == before
    (warning,) = caplog.records
    assert warning.getMessage() == (
        'no Job class is registered for the handler "App\\Jobs\\Newer": its jobs wait for a worker '
        "that knows it, and fail after 86400 s"
    )
    assert len(worker.lines.started_ids) == 300


def test_a_worker_that_knows_the_handler_gets_them_at_once(engine):
    old = Worker(engine, stop_when_empty=False)
    thread = old.start()
    ids = push(engine, "App\\Jobs\\Newer", 5)
    time.sleep(0.3)

    class Newer(Job):
        handler = "App\\Jobs\\Newer"

        def handle(self):
            ran.append(self.context.attempt)

    began = time.monotonic()
    wait_until(lambda: len(ran) == len(ids))
    assert time.monotonic() - began < 2
    assert set(ran) == {1}
    old.stop(thread)
    registry._registered.pop("App\\Jobs\\Newer")


def test_a_job_that_has_waited_too_long_fails(engine, monkeypatch):
    (old,) = push(engine, "App\\Jobs\\Newer")
    (due_now,) = push(engine, "App\\Jobs\\Newer", due=time.time())
    for id in (old, due_now):
        engine._jobs[int(id)].created_at = utc_text(time.time() - 2 * DAY)
    engine._jobs[int(old)].due -= 2 * DAY
    engine._queues._queues["default"].delayed.clear()
    for id in (old, due_now):
        engine._queues.add(engine._jobs[int(id)])
    Worker(engine).run()
    assert engine.find(old).status == "failed"
    assert "no Job class is registered" in engine.find(old).exception
    assert engine.find(due_now).status == "new"


def test_with_0_they_fail_at_once(engine):
    (id,) = push(engine, "App\\Jobs\\Newer")
    engine._jobs[int(id)].created_at = utc_text(time.time() - 1)
    engine._jobs[int(id)].due -= 1
    engine._queues._queues["default"].delayed.clear()
    engine._queues.add(engine._jobs[int(id)])
    Worker(engine, unknown_after=0.0).run()
    assert engine.find(id).status == "failed"


def test_max_jobs_does_not_count_them(engine):
    push(engine, "App\\Jobs\\Newer", 50)
    known(engine, 3)
    from lightjobs.workers.shared.run_budget import RunBudget

    budget = RunBudget.of(3)
    Worker(engine, budget).run()
    assert sorted(ran) == [0, 1, 2]
