"""Limits of processes, threads and descriptors that are reached; descriptors that a job closes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.project import Project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

NO_PROCESSES = """
import os, subprocess, sys, time, threading
if "job:work" in sys.argv:
    until = time.monotonic() + 2
    fork, start, popen = os.fork, threading.Thread.start, subprocess.Popen.__init__

    def limited(call, error):
        def wrapped(*arguments, **keywords):
            if time.monotonic() < until:
                raise error
            return call(*arguments, **keywords)
        return wrapped

    busy = BlockingIOError(11, "Resource temporarily unavailable")
    os.fork = limited(fork, busy)
    subprocess.Popen.__init__ = limited(popen, busy)
    if "--quiet" in sys.argv:
        threading.Thread.start = limited(start, RuntimeError("can't start new thread"))
"""


@pytest.mark.parametrize("options", [(), ("--quiet",), ("--workers=2",)])
def test_a_supervisor_waits_out_the_limit_of_processes_and_threads(
    project: Project, options: tuple[str, ...]
) -> None:
    project.patch(NO_PROCESSES)
    project.push_work(5)
    worker = project.work(*options)
    wait_until(project.empty)
    assert project.runs("end") == {str(n): 1 for n in range(5)}
    assert worker.stop() == 0
    assert "Traceback" not in worker.err
    assert "no new child for the moment" in worker.err


CLOSES = """
class Closes(Job):
    def handle(self):
        record("start", "closes")
        if self.payload["how"] == "range":
            os.closerange(0, 1000)
        else:
            for name in os.listdir("/proc/self/fd"):
                try:
                    os.close(int(name))
                except OSError:
                    pass
"""


@pytest.mark.parametrize(
    ("how", "options"),
    [
        ("range", ()),
        ("listed", ("--concurrency=4",)),
        pytest.param("listed", (), marks=pytest.mark.long),
        pytest.param("range", ("--concurrency=4",), marks=pytest.mark.long),
    ],
)
def test_a_job_that_closes_all_descriptors_costs_its_process_only(
    project: Project, how: str, options: tuple[str, ...]
) -> None:
    project.jobs(CLOSES)
    project.push_work(20)
    project.push("Closes", {"how": how}, queue="then")
    project.push_work(20, start=20, queue="last")
    worker = project.work("--queue=default,then,last", "--stop-when-empty", *options)
    assert worker.wait(20) == 0
    assert project.runs("start")["closes"] == 1
    # With threads, jobs that ran at the same time have lost their files, too.
    assert len(project.rows()) < (4 if options else 1)
    assert len(project.runs("end")) + len(project.rows()) == 40
    assert "a job has closed the descriptors of its child; replacing it" in worker.err


def test_with_workers_0_such_a_job_ends_the_process_in_order(project: Project) -> None:
    project.jobs(CLOSES)
    project.push_work(3)
    project.push("Closes", {"how": "range"})
    project.push_work(3, start=3)
    worker = project.work("--workers=0", JOB_LEASE="2")
    assert worker.wait(15) == 1
    project.work(JOB_LEASE="2")
    wait_until(project.empty)


def test_standard_output_that_a_job_closes_or_redirects_is_put_back(project: Project) -> None:
    project.jobs(
        """
class Redirects(Job):
    def handle(self):
        how = self.payload["how"]
        if how == "close":
            os.close(1)
            os.close(2)
        elif how == "dup":
            null = os.open("/dev/null", os.O_WRONLY)
            os.dup2(null, 1)
        elif how == "stream":
            sys.stdout.close()
            sys.stderr.close()
        print("lost?", how)


class Prints(Job):
    def handle(self):
        print("printed after", self.payload["how"])
"""
    )
    for how in ("close", "dup", "stream"):
        project.push("Redirects", {"how": how})
        project.push("Prints", {"how": how})
    worker = project.drain()
    for how in ("close", "dup", "stream"):
        assert f"printed after {how}\n" in worker.out


EMBEDDED = """
import os, sys, time
import lightjobs
from app_jobs.work import Work

opened = []
with lightjobs.worker(sleep=0.05):
    time.sleep(0.5)
    until = time.monotonic() + 4
    while time.monotonic() < until:  # two leases without a free descriptor
        try:
            while True:
                opened.append(os.open("/dev/null", os.O_RDONLY))
        except OSError:
            time.sleep(0.01)
    for descriptor in opened:
        os.close(descriptor)
    Work().dispatch({"n": 1})
    until = time.monotonic() + 15
    while not os.path.exists("book.txt") and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(3)
"""


def test_lightjobs_worker_goes_on_after_a_time_without_descriptors(project: Project) -> None:
    (project.root / "program.py").write_text(EMBEDDED)
    ended = subprocess.run(
        ["bash", "-c", f"ulimit -n 128; exec {sys.executable} program.py"],
        cwd=project.root,
        env=project.environment(JOB_LEASE="2"),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    assert project.runs("end") == {"1": 1}, ended.stderr


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("limit", [24, 64])
def test_a_worker_needs_few_descriptors(project: Project, limit: int, workers: int) -> None:
    project.push_work(5)
    ended = limited(project, limit, f"--workers={workers}")
    assert ended.returncode == 0, ended.stderr
    assert project.empty()


@pytest.mark.parametrize("limit", [8, 10])
def test_too_few_descriptors_are_one_line_and_no_traceback(project: Project, limit: int) -> None:
    ended = limited(project, limit)
    assert ended.returncode in (1, 2, 3)
    assert ended.stderr.startswith("lightjobs: ")
    assert ended.stderr.count("\n") == 1, ended.stderr


def limited(project: Project, limit: int, *options: str) -> subprocess.CompletedProcess[str]:
    """`job:work` under a limit of descriptors."""
    command = [sys.executable, "-m", "lightjobs", "job:work", "--stop-when-empty", *options]
    return subprocess.run(
        ["bash", "-c", f"ulimit -n {limit}; exec {' '.join(command)}"],
        cwd=project.root,
        env=project.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
    )
