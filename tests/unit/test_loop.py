import asyncio
import threading
import time

import pytest

from lightjobs import Job
from lightjobs.engines.where import Where
from lightjobs.execution import registry
from lightjobs.model import NewJob
from lightjobs.workers import settling
from lightjobs.workers.shared.run_budget import RunBudget
from tests.support.engines import answer_later
from tests.support.waiting import wait_until

from .support import ran
from .working import Worker


class Work(Job):
    attempts = 1

    def handle(self):
        ran.append(self.payload.get("n"))
        if self.payload.get("sleep"):
            time.sleep(self.payload["sleep"])
        if self.payload.get("boom"):
            raise ValueError("boom")


class Retried(Work):
    attempts = 3


class Hooked(Work):
    def onSuccess(self):
        ran.append("success")

    def onFailure(self):
        ran.append(f"failure: {self.getException()}")


class AsyncHooks(Work):
    async def handle(self):
        super().handle()

    async def onSuccess(self):
        await asyncio.sleep(0)
        ran.append("success")


@pytest.fixture(autouse=True, params=["in turn", "at once", "ahead"])
def _ways(engine, request, monkeypatch):
    """The ways to settle and to claim."""
    engine.serves_at_once = request.param == "at once"
    monkeypatch.setattr(settling, "MANY", 1)
    if request.param == "ahead":
        answer_later(engine)


def test_stop_when_empty_ends_when_all_is_done(engine, concurrency):
    Work.dispatchMany({"n": n} for n in range(300))
    Work().setDelay("+1 hour").dispatch()
    worker = Worker(engine, concurrency=concurrency).run()
    assert sorted(ran) == list(range(300))
    assert engine.stats()["default"]["new"] == 1
    assert engine.held(worker.name) == []
    assert worker.journal.read() == []
    assert len(worker.lines.started_ids) == len(worker.lines.ended_ids) == 300


def test_with_a_concurrency_of_1_jobs_run_in_order(engine):
    Work.dispatchMany({"n": n} for n in range(100))
    Worker(engine).run()
    assert ran == list(range(100))


def test_queues_are_worked_in_strict_order(engine):
    Work().setQueue("low").dispatchMany([{"n": "low"}] * 5)
    Work().setQueue("high").dispatchMany([{"n": "high"}] * 5)
    Work().setQueue("other").dispatch()
    Worker(engine, queues=("high", "low")).run()
    assert ran == ["high"] * 5 + ["low"] * 5


def test_a_failing_job_is_tried_as_often_as_allowed_and_kept_as_failed(engine, concurrency):
    id = Retried().dispatch({"n": 1, "boom": True})
    Worker(engine, concurrency=concurrency).run()
    assert ran == [1, 1, 1]
    stored = engine.find(id)
    assert (stored.status, stored.attempts) == ("failed", 3)
    assert stored.exception.startswith("ValueError: boom")


def test_a_failing_job_does_not_hold_up_the_others(engine, concurrency):
    Work.dispatchMany({"n": n, "boom": n % 3 == 0} for n in range(60))
    Worker(engine, concurrency=concurrency).run()
    assert sorted(ran) == list(range(60))
    assert engine.stats()["default"]["failed"] == 20


@pytest.mark.parametrize("handler", ["unknown", "os.system", "'; DROP"])
def test_an_unknown_handler_that_does_not_wait_fails_its_job(engine, concurrency, handler):
    (id,) = engine.push([NewJob(handler, "default", "{}")])
    Work().dispatch({"n": 1})
    Worker(engine, concurrency=concurrency, unknown_after=0.0).run()
    assert ran == [1]
    assert engine.find(id).status == "failed"


def test_a_broken_payload_fails_its_job_and_the_worker_goes_on(engine, concurrency):
    ids = engine.push(
        [NewJob(registry.handler_of(Work), "default", text) for text in ("{", "[1]", "")]
    )
    Work().dispatch({"n": 1})
    Worker(engine, concurrency=concurrency).run()
    assert ran == [1]
    assert {engine.find(id).status for id in ids} == {"failed"}


@pytest.mark.parametrize("error", [SystemExit(0), KeyboardInterrupt(), MemoryError()])
def test_an_error_that_ends_programs_ends_only_its_job(engine, concurrency, error):
    class Deadly(Job):
        def handle(self):
            raise error

    id = Deadly().dispatch()
    Work().dispatch({"n": 1})
    Worker(engine, concurrency=concurrency).run()
    assert ran == [1]
    assert engine.find(id).status == "failed"


def test_hooks_run_after_the_settlement_was_accepted(engine, concurrency):
    class Looks(Job):
        def handle(self):
            if self.payload:
                raise ValueError("boom")

        def onSuccess(self):
            ran.append(engine.find(self.context.id))

        def onFailure(self):
            ran.append(engine.find(self.context.id).status)

    Looks.dispatchMany([{}])
    Worker(engine, concurrency=concurrency).run()
    Looks.dispatchMany([{"boom": 1}])
    Worker(engine, concurrency=concurrency).run()
    assert ran == [None, "failed"]


def test_hooks_of_all_jobs_have_run_when_the_loop_is_over(engine, concurrency):
    Hooked.dispatchMany([{"n": 1}] * 50)
    AsyncHooks.dispatchMany([{"n": 1}] * 50)
    Hooked().dispatch({"n": 1, "boom": True})
    Worker(engine, concurrency=concurrency).run()
    assert ran.count(1) == 101
    assert ran.count("success") == 100
    assert ran.count("failure: boom") == 1


def test_a_run_that_will_be_retried_calls_no_hook(engine, concurrency):
    Hooked().setAttempts(2).dispatch({"n": 1, "boom": True})
    Worker(engine, concurrency=concurrency).run()
    assert ran == [1, 1, "failure: boom"]


@pytest.mark.parametrize("error", [ValueError("hook"), SystemExit(1), KeyboardInterrupt()])
def test_a_hook_that_raises_changes_nothing(engine, concurrency, error, caplog):
    class Bad(Job):
        def handle(self):
            if self.payload:
                raise ValueError("boom")

        def onSuccess(self):
            raise error

        onFailure = onSuccess

    done, failed = Bad.dispatchMany([{}, {"boom": 1}])
    Work().dispatch({"n": 1})
    Worker(engine, concurrency=concurrency).run()
    assert ran == [1]
    assert engine.find(done) is None
    assert engine.find(failed).exception.startswith("ValueError: boom")
    assert len(caplog.records) == 2


def test_async_handlers_and_hooks_behind_plain_functions_run(engine, concurrency):
    class Decorated(Job):
        def handle(self):
            return asyncio.sleep(0.01)

        def onSuccess(self):
            async def inner():
                await asyncio.sleep(0.01)
                ran.append("success")

            return inner()

    Decorated.dispatchMany([{}, {}])
    Work().dispatch({"n": 1})
    Worker(engine, concurrency=concurrency).run()
    assert sorted(map(str, ran)) == ["1", "success", "success"]
    assert engine.stats() == {}


def test_a_refused_outcome_runs_no_hook_and_is_reported_lost(engine, concurrency, caplog):
    id = Hooked().dispatch({"n": 1})
    worker = Worker(engine, concurrency=concurrency)

    class Robbed(Job):
        def handle(self):
            engine.recover(worker.name)
            ran.append("robbed")

        def onSuccess(self):
            ran.append("never")

    engine.purge(Where(status="failed"))
    robbed = Robbed().setPriority("highest").dispatch()
    worker.run()
    assert "never" not in ran
    assert robbed in worker.lines.lost_ids
    assert engine.find(robbed).status == "new"
    assert any("refused" in record.getMessage() for record in caplog.records)
    assert engine.find(id).attempts == 0


def test_max_jobs_is_exact(engine, concurrency):
    Work.dispatchMany({"n": n} for n in range(100))
    Worker(engine, RunBudget.of(37), concurrency=concurrency, stop_when_empty=False).run()
    assert len(ran) == 37
    assert engine.stats()["default"]["new"] == 63
    assert engine.stats()["default"]["queued"] == 0


def test_max_jobs_counts_retries_as_runs(engine):
    Retried().dispatch({"n": 1, "boom": True})
    Worker(engine, RunBudget.of(2), stop_when_empty=False).run()
    assert ran == [1, 1]


def test_max_jobs_is_shared_by_several_workers(engine):
    Work.dispatchMany({"n": n} for n in range(100))
    budget = RunBudget.of(41)
    workers = [Worker(engine, budget, stop_when_empty=False) for _ in range(3)]
    for thread in [worker.start() for worker in workers]:
        thread.join()
    assert len(ran) == 41


def test_max_jobs_does_not_stop_at_an_empty_queue(engine):
    Work().dispatch({"n": 1})
    worker = Worker(engine, RunBudget.of(2), stop_when_empty=False)
    thread = worker.start()
    wait_until(lambda: ran == [1])
    time.sleep(0.3)
    try:
        assert thread.is_alive()
        Work().dispatch({"n": 2})
        wait_until(lambda: ran == [1, 2])
        thread.join(30)
        assert not thread.is_alive()
    finally:
        worker.stop(thread)


def test_cooldown_ends_a_loop_that_is_asleep(engine, concurrency):
    options = {"stop_when_empty": False, "sleep": 60.0, "cooldown": 0.3}
    worker = Worker(engine, concurrency=concurrency, **options)
    started = time.monotonic()
    thread = worker.start()
    thread.join(30)
    try:
        assert not thread.is_alive()
        assert time.monotonic() - started >= 0.3
    finally:
        worker.stop(thread)


def test_max_memory_ends_the_loop_as_outgrown(engine):
    worker = Worker(engine, stop_when_empty=False, max_memory=1).run()
    assert worker.loop.outgrown


def test_a_stop_finishes_what_runs_and_hands_back_the_rest_at_no_cost(engine, concurrency):
    Work.dispatchMany({"n": n, "sleep": 0.02} for n in range(60))
    worker = Worker(engine, concurrency=concurrency, stop_when_empty=False)
    thread = worker.start()
    wait_until(lambda: len(ran) > 10)
    worker.stop(thread)
    counts = engine.stats()["default"]
    assert counts["queued"] == counts["failed"] == 0
    assert counts["new"] == 60 - len(ran) > 0
    assert {job.attempts for job in engine.browse(Where(status="new"))} == {0}


def test_a_stop_among_quick_jobs_hands_back_what_was_claimed_ahead(engine):
    class Stops(Job):
        def handle(self):
            began.append(self.payload["n"])
            if self.payload["n"] == 100:
                worker.flag.raise_()

    began = []
    Stops.dispatchMany({"n": n} for n in range(500))
    worker = Worker(engine, stop_when_empty=False)
    worker.loop.run()
    assert began == list(range(101))
    counts = engine.stats()["default"]
    assert (counts["queued"], counts["new"]) == (0, 399)
    assert {job.attempts for job in engine.browse(Where(status="new"), 500)} == {0}


def test_an_idle_worker_stops_in_its_sleep(engine, concurrency):
    worker = Worker(engine, concurrency=concurrency, stop_when_empty=False, sleep=30.0)
    thread = worker.start()
    time.sleep(0.1)
    worker.stop(thread)


def test_an_idle_worker_is_woken_by_a_job(engine, concurrency):
    worker = Worker(engine, concurrency=concurrency, stop_when_empty=False, sleep=60.0)
    thread = worker.start()
    time.sleep(0.1)
    Work().dispatch({"n": 1})
    wait_until(lambda: ran)
    worker.stop(thread)


def test_a_delayed_job_is_waited_for_and_run_when_it_is_due(engine):
    class Timed(Job):
        def handle(self):
            ran.append(time.time())

    due = time.time() + 0.3
    engine.push([NewJob(registry.handler_of(Timed), "default", "{}", due)])
    worker = Worker(engine, stop_when_empty=False, sleep=60.0)
    thread = worker.start()
    wait_until(lambda: ran)
    worker.stop(thread)
    assert ran[0] >= due


def test_without_any_sleep_an_idle_worker_still_leaves_the_store_alone_in_between(engine):
    claims = []
    original = engine.claim
    engine.claim = lambda *given: claims.append(given) or original(*given)
    worker = Worker(engine, sleep=0, stop_when_empty=False)
    threading.Timer(0.3, worker.flag.raise_).start()
    worker.loop.run()
    assert 3 <= len(claims) <= 32
