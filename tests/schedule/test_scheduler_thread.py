"""The scheduler in a thread, `lightjobs.worker(schedule=True)`."""

import threading

from lightjobs.schedule import Schedule, scheduler_thread
from lightjobs.schedule.scheduler import Scheduler
from lightjobs.schedule.scheduler_thread import SchedulerThread


def test_a_when_that_does_not_return_does_not_keep_the_thread_from_stopping(
    engine, report, monkeypatch
):
    monkeypatch.setattr(scheduler_thread, "STOP_SECONDS", 0.05)
    asked, over, ended = threading.Event(), threading.Event(), []

    def never():
        asked.set()
        over.wait(90)
        ended.append(True)

    entry = Schedule().job(report).name("stuck").everySeconds(1).when(never).entry()
    thread = SchedulerThread(Scheduler(engine, [entry]))
    thread.start()
    assert asked.wait(30)
    thread.stop()
    assert not ended
    over.set()
    thread.join()
