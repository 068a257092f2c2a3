"""`job:work --workers=0`, in this process."""

import os
import signal

from lightjobs.workers import foreground, heartbeat
from lightjobs.workers.logs.job_log import JobLog
from lightjobs.workers.options import Options


def test_a_stop_is_told_of_although_the_work_is_over_at_once(engine, configured, monkeypatch):
    """An idle worker ends before the next check, which is seldom here."""
    monkeypatch.setattr(heartbeat, "CHECK_SECONDS", 60.0)
    told = []
    status = foreground.work(
        engine,
        configured,
        Options(),
        JobLog(),
        on_ready=lambda: os.kill(os.getpid(), signal.SIGTERM),
        on_stop=told.append,
    )
    assert (status, told) == (0, ["SIGTERM"])
