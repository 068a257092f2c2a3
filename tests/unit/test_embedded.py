import asyncio
import contextlib
import logging
import os
import signal
import threading
import time

import pytest

from lightjobs import Job, current
from lightjobs.engines.sync import SyncEngine
from lightjobs.errors import SettingsError
from lightjobs.settings.settings import Settings
from lightjobs.workers import worker_threads
from lightjobs.workers.embedded import worker
from tests.support.waiting import wait_until

from .support import ran


class Work(Job):
    def handle(self):
        ran.append((self.payload.get("n"), threading.current_thread()))
        time.sleep(self.payload.get("sleep", 0))
        ran.append("end")


class AsyncWork(Work):
    async def handle(self):
        ran.append((self.payload.get("n"), threading.current_thread()))
        await asyncio.sleep(self.payload.get("sleep", 0))
        ran.append("end")


class Held(Job):
    def handle(self):
        ran.append("start")
        let_go.wait(60)
        ran.append("end")


class Stuck(Job):
    timeout = 0.05

    def handle(self):
        ran.append("stuck")
        stuck.wait(20)  # in a thread, nothing interrupts this

    def onFailure(self):
        ran.append(f"failed: {self.getException()}")


let_go = threading.Event()
stuck = threading.Event()


@pytest.fixture(autouse=True)
def _forget():
    stuck.clear()
    let_go.clear()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    stuck.set()
    let_go.set()
    assert {number: signal.getsignal(number) for number in before} == before


@contextlib.contextmanager
def entered(way, made):
    """The block of `made`, entered as `with` or as `async with`."""
    if way == "with":
        with made:
            yield
        return
    loop = asyncio.new_event_loop()
    loop.run_until_complete(made.__aenter__())
    try:
        yield
    finally:
        loop.run_until_complete(made.__aexit__(None, None, None))
        loop.close()


@pytest.fixture(params=["with", "async with"])
def way(request):
    return request.param


def descriptors():
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("job", [Work, AsyncWork])
def test_jobs_run_in_threads_of_this_process_while_the_block_runs(engine, way, job):
    before, open_before = threading.active_count(), descriptors()
    with entered(way, worker(workers=3, queues=["a", "b"])):
        job().setQueue("b").dispatchMany({"n": n, "sleep": 0.02} for n in range(30))
        wait_until(lambda: ran.count("end") == 30)
        threads = {entry[1] for entry in ran if entry != "end"}
        assert len(threads) == 3
        assert threading.main_thread() not in threads
    job().setQueue("b").dispatch({"n": 31})
    time.sleep(0.1)
    assert ran.count("end") == 30
    assert engine.stats()["b"]["new"] == 1
    assert threading.active_count() == before
    assert descriptors() <= open_before + (job is AsyncWork) * 9  # a loop's, until collected
    assert engine._workers == {}


class Fails(Job):
    def handle(self):
        raise ValueError("no luck")


def test_a_job_that_fails_is_logged(engine, way, caplog):
    with entered(way, worker()):
        id = Fails().dispatch()
        wait_until(lambda: engine.find(id).status == "failed")
    (record,) = [each for each in caplog.records if each.levelname == "WARNING"]
    assert f"job {id} (" in record.getMessage()
    assert "failed for good: ValueError: no luck\n\nTraceback" in record.getMessage()


def test_the_block_waits_for_running_jobs(engine, way):
    with entered(way, worker()):
        Work().dispatch({"sleep": 0.4})
        wait_until(lambda: ran)
    assert ran[-1] == "end"
    assert engine.stats() == {}


def test_at_the_end_of_the_grace_running_jobs_are_handed_back_at_no_cost(engine, way):
    threads = threading.active_count()
    with entered(way, worker(grace=0.2)):
        ids = Held.dispatchMany([{}, {}])
        wait_until(lambda: ran)
    assert ran == ["start"], "the block does not wait for what still runs"
    assert [(engine.find(id).status, engine.find(id).attempts) for id in ids] == [("new", 0)] * 2
    let_go.set()
    wait_until(lambda: threading.active_count() == threads)
    assert ran == ["start", "end"]
    assert engine.stats()["default"]["new"] == 2, "the outcome of the run left behind is refused"


def test_an_error_in_the_block_still_stops_gracefully(engine, way):
    def block():
        with entered(way, worker()):
            Work().dispatch({"sleep": 0.3})
            wait_until(lambda: ran)
            raise KeyError

    with pytest.raises(KeyError):
        block()
    assert ran[-1] == "end"


def test_a_thread_whose_job_ignores_its_timeout_is_given_up_and_replaced(
    engine, configured, caplog
):
    current.use(engine, Settings("memory", timeout_grace=0.1))
    with worker():
        id = Stuck().dispatch()
        Work().dispatch({"n": 1})
        wait_until(lambda: "end" in ran)
        assert ran[0] == "stuck"
        stored = engine.find(id)
        assert (stored.status, stored.recoveries) == ("failed", 0)
        assert stored.exception.startswith("timed out after 0.05 s, and went on")
        Work().dispatch({"n": 2})
        wait_until(lambda: ran.count("end") == 2)
        wait_until(lambda: "failed: timed out after 0.05 s" in ran)
    assert f"job {id} timed out" in caplog.text
    stuck.set()
    time.sleep(0.1)
    assert engine.find(id).status == "failed"


def test_a_worker_that_others_gave_up_is_replaced(engine):
    current.use(engine, Settings("memory", lease=1.5))
    with worker():
        Work().dispatch()
        wait_until(lambda: "end" in ran)
        (name,) = engine._workers
        engine.recover(name)
        wait_until(lambda: engine._workers and name not in engine._workers)
        Work().dispatch()
        wait_until(lambda: ran.count("end") == 2)


def test_nothing_is_started_where_jobs_run_at_dispatch(configured, way, caplog):
    current.use(SyncEngine(), configured)
    before = threading.active_count()
    with entered(way, worker()):
        assert threading.active_count() == before
        Work().dispatch()
        assert ran[0] == (None, threading.main_thread())


def test_signals_that_the_program_handles_are_left_alone(engine):
    mine = signal.signal(signal.SIGTERM, lambda *_: ran.append("mine"))
    try:
        with worker():
            os.kill(os.getpid(), signal.SIGTERM)
            wait_until(lambda: ran == ["mine"])
    finally:
        signal.signal(signal.SIGTERM, mine)


def signalled(number):
    with worker():
        Work().dispatch({"sleep": 0.3})
        wait_until(lambda: ran)
        os.kill(os.getpid(), number)
        time.sleep(5)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_term_and_ctrl_c_unwind_the_block_and_the_handlers_are_restored(engine, number):
    with pytest.raises(SystemExit) as raised:
        signalled(number)
    assert raised.value.code == 0
    assert ran[-1] == "end"


def dispatches_after_a_signal(engine):
    with worker():
        wait_until(lambda: engine._workers, 5)
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        finally:
            wait_until(lambda: not engine._workers, 5)
            Work().dispatch()
            time.sleep(0.3)


def test_no_thread_is_replaced_while_a_signal_unwinds_the_block(engine, monkeypatch):
    monkeypatch.setattr(worker_threads, "RETRY_SECONDS", 0.0)
    with pytest.raises(SystemExit):
        dispatches_after_a_signal(engine)
    assert not ran


def test_an_event_loop_gets_its_own_signal_handlers_back(engine):
    def handlers():
        return [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]

    async def main():
        before = handlers()
        async with worker():
            assert handlers() != before
        return before, handlers()

    before, after = asyncio.run(main())
    assert after == before


def test_in_another_thread_no_signal_is_touched(engine):
    def block():
        with worker():
            ran.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=block)
    thread.start()
    thread.join(30)
    assert ran == [signal.SIG_DFL]


def test_a_cancelled_task_waits_for_running_jobs(engine):
    async def main():
        async with worker():
            AsyncWork().dispatch({"sleep": 0.4})
            await asyncio.sleep(10)

    async def cancelled():
        task = asyncio.create_task(main())
        while not ran:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert ran[-1] == "end"


def test_a_worker_can_be_entered_once(engine):
    made = worker()
    with made:
        pass
    with pytest.raises(RuntimeError, match="one block"):
        made.__enter__()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"workers": 0}, "workers is 0; allowed: a whole number from 1 to 1000"),
        ({"workers": True}, "workers is True"),
        ({"queues": "mail"}, "queues is 'mail'; allowed: a list, each a name of 1"),
        ({"queues": ["mail,urgent"]}, "queues is .*without comma"),
        ({"queues": []}, r"queues is \[\]"),
        ({"grace": -1}, "grace is -1; allowed: seconds, at least 0"),
        ({"queue_order": "turns"}, "queue_order is 'turns'; allowed: strict, rotate"),
        ({"sleep": -1}, "sleep is -1; allowed: seconds, at least 0"),
    ],
)
def test_a_wrong_argument_is_named(engine, wrong, said):
    with pytest.raises(SettingsError, match=said):
        worker(**wrong)


def test_a_module_that_does_not_import_is_named(engine, project):
    project({"app_jobs/__init__.py": "", "app_jobs/broken.py": "import nothing_there"})
    with pytest.raises(SettingsError, match="nothing_there"):
        worker().__enter__()


def test_a_program_without_app_jobs_works_the_jobs_it_defines(engine, caplog):
    caplog.set_level(logging.WARNING)
    with worker():
        Work().dispatch()
        wait_until(lambda: "end" in ran)
    assert not caplog.records


def test_the_schedule_is_dispatched_by_the_same_program(engine, project, monkeypatch):
    jobs = (
        "from lightjobs import Job\nran = []\n"
        "class Tick(Job):\n    def handle(self):\n        ran.append(1)\n"
    )
    head = "from lightjobs.schedule import schedule\nfrom app_jobs.ticks import Tick\n"
    text = "schedule.job(Tick).everySeconds(1)\n"
    files = {"app_jobs/__init__.py": "", "app_jobs/ticks.py": jobs}
    monkeypatch.chdir(project({**files, "config/schedule.py": head + text}))
    with worker(schedule=True):
        from app_jobs.ticks import ran as ticks

        wait_until(lambda: len(ticks) >= 2)
    ended_with = len(ticks)
    time.sleep(1.1)
    assert len(ticks) == ended_with
    assert engine.stats() == {}


def test_an_empty_schedule_is_refused(engine, project, monkeypatch):
    monkeypatch.chdir(project({"app_jobs/__init__.py": ""}))
    with (
        pytest.raises(SettingsError, match=r"no entries in config/schedule\.py"),
        worker(schedule=True),
    ):
        pass
