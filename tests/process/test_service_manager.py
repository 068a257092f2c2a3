"""The long-running commands as services of systemd with `Type=notify` and a watchdog."""

from __future__ import annotations

import signal
import subprocess
import time

import pytest

from tests.support.manager import Manager, manager
from tests.support.project import Project
from tests.support.site import Site
from tests.support.waiting import wait_until
from tests.support.worker import COMMAND

__all__ = ["manager"]

pytestmark = pytest.mark.slow

HANG = """
import sys, time
from pathlib import Path

if "job:work" in sys.argv:
    from lightjobs.workers.supervisor import Supervisor

    close_reclaimed = Supervisor._close_reclaimed

    def hang(self):
        while Path("hang").exists():
            Path("hangs").touch()
            time.sleep(0.01)
        close_reclaimed(self)

    Supervisor._close_reclaimed = hang
"""

TELL = """
class Tell(Job):
    def handle(self):
        record("told" if "NOTIFY_SOCKET" in os.environ else "not", 0)
"""


@pytest.mark.parametrize("workers", [0, 2])
def test_a_worker_is_ready_and_stops(project: Project, manager: Manager, workers: int) -> None:
    project.jobs(TELL)
    project.push("Tell", {})
    worker = project.work("--queue=a,default", f"--workers={workers}", **manager.environment())
    assert manager.next() == {"READY": "1", "STATUS": "queues a, default"}
    wait_until(lambda: project.book("not"))
    worker.signal(signal.SIGTERM)
    stopping = manager.wait_for("STOPPING")["STATUS"]
    if workers:  # else its work may be over before the thread that says why has looked
        assert stopping == "SIGTERM; running jobs may take 25 s"
    assert worker.wait() == 0
    assert manager.waiting() == []


def test_the_supervisors_loop_beats_and_no_thread_does(project: Project, manager: Manager) -> None:
    project.patch(HANG)
    worker = project.work("--workers=1", **manager.environment(watchdog=0.2))
    manager.wait_for("READY")
    manager.wait_for("WATCHDOG")
    (project.root / "hang").touch()
    wait_until((project.root / "hangs").exists)
    manager.waiting()
    time.sleep(1)
    assert manager.waiting() == []
    (project.root / "hang").unlink()
    manager.wait_for("WATCHDOG")
    assert worker.stop() == 0


def test_a_scheduler_is_ready_beats_and_stops(project: Project, manager: Manager) -> None:
    (project.root / "config").mkdir()
    (project.root / "config" / "schedule.py").write_text(
        "from app_jobs.work import Work\nfrom lightjobs.schedule import schedule\n\n"
        'schedule.job(Work).name("yearly").cron("0 0 1 1 *")\n'
    )
    process = subprocess.Popen(
        [*COMMAND, "schedule:work", "--quiet"],
        cwd=project.root,
        env=project.environment(**manager.environment(watchdog=0.2)),
    )
    try:
        assert manager.next() == {"READY": "1", "STATUS": "1 entry"}
        assert manager.next() == manager.next() == {"WATCHDOG": "1"}
        process.send_signal(signal.SIGTERM)
        manager.wait_for("STOPPING")
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


def test_the_page_is_ready_beats_and_stops(project: Project, manager: Manager) -> None:
    site = Site(project.root, **manager.environment(watchdog=0.2))
    try:
        assert "READY" in manager.wait_for("READY")
        manager.wait_for("WATCHDOG")
        manager.wait_for("WATCHDOG")
    finally:
        status, _out, _err = site.stop()
    manager.wait_for("STOPPING")
    assert status == 0
