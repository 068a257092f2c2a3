"""What the store knows of running workers and of the runs that have ended."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from lightjobs.notes.observed import SAMPLE, Rate, Worker, merged
from lightjobs.version import __version__
from tests.support.project import Project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

OFTEN = """
import lightjobs.workers.heartbeat as heartbeat
heartbeat.HISTORY_SECONDS = 0.2
"""

HANDLER = "App\\Jobs\\Work"

EMBEDDING = """
import sys, time
import lightjobs
from app_jobs import work
with lightjobs.worker(2):
    print("entered", flush=True)
    sys.stdin.read()
"""


def workers(project: Project) -> list[Worker]:
    return project._engine.workers()


def total(project: Project, span: int = 3600) -> Rate | None:
    """The history of the class Work."""
    return merged(project._engine.rates(span, 0, handler=HANDLER))


def done(project: Project) -> int:
    rate = total(project)
    return 0 if rate is None else rate.done


@pytest.mark.parametrize("processes", [2, 0])
def test_the_store_knows_what_each_worker_is_doing(project: Project, processes: int) -> None:
    ids = project.push_work(1, sleep=60)
    worker = project.work(
        *(f"--workers={processes}", "--queue=default,slow", "--grace=0"), JOB_LEASE="1.5"
    ).ready()

    def running() -> list[str]:
        found = [each for each in workers(project) if each.note is not None]
        return [run.id for each in found if each.note for run in each.note.running]

    wait_until(lambda: running() == ids)
    notes = [each.note for each in workers(project) if each.note is not None]
    assert len(notes) == max(1, processes)
    assert {note.version for note in notes} == {__version__}
    assert {note.queues for note in notes} == {("default", "slow")}
    assert {note.parent for note in notes} == {worker.pid if processes else 0}
    assert {note.pid for note in notes} == set(worker.children() if processes else [worker.pid])
    assert all(note.memory > 1_000_000 for note in notes)
    if processes:
        wait_until(
            lambda: {w.note.state for w in workers(project) if w.note} == {"working", "idle"}
        )
    (run,) = [run for note in notes for run in note.running]
    assert (run.handler, run.queue, run.attempt) == (HANDLER, "default", 1)
    worker.stop()
    wait_until(lambda: workers(project) == [])


def test_a_worker_in_a_program_says_the_same(project: Project, tmp_path: Path) -> None:
    import subprocess
    import sys

    (ids,) = project.push_work(1, sleep=60)
    program = subprocess.Popen(
        [sys.executable, "-c", EMBEDDING],
        cwd=project.root,
        env=project.environment(JOB_LEASE="1.5"),
        stdin=subprocess.PIPE,
    )
    try:
        wait_until(
            lambda: [run.id for w in workers(project) if w.note for run in w.note.running] == [ids]
        )
        assert {w.note.pid for w in workers(project) if w.note} == {program.pid}
    finally:
        program.kill()
        program.wait()
        assert program.stdin is not None
        program.stdin.close()


@pytest.mark.parametrize("processes", [1, 0])
def test_the_history_holds_what_a_short_process_ran(project: Project, processes: int) -> None:
    project.push_work(120)
    project.push("Missing", {})
    project.drain(f"--workers={processes}")
    for span in (60, 600, 3600):
        rate = total(project, span)
        assert rate is not None
        assert (rate.done, rate.failed, sum(rate.durations), sum(rate.waits)) == (120, 0, 120, 120)


def test_the_history_goes_on_after_a_restart(project: Project) -> None:
    project.patch(OFTEN)
    for _ in range(2):
        project.push_work(10)
        project.drain()
    assert done(project) == 20
    assert project._engine.rates(3600, 0, handler=SAMPLE)[0].queue == "default"


def test_no_history_is_kept_if_it_is_not_wanted(project: Project) -> None:
    project.push_work(10)
    project.drain(RETAIN_HISTORY="drop")
    assert project._engine.rates(3600, 0) == []
    project.push_work(10)
    project.drain()
    assert done(project) == 10


def test_a_wrong_wish_is_refused(project: Project) -> None:
    answer = project.cli("job:work", RETAIN_HISTORY="7 days")
    assert answer.returncode == 2
    assert "RETAIN_HISTORY is '7 days'; allowed: keep, drop" in answer.stderr


def test_a_killed_child_loses_no_counts_that_were_noted(project: Project) -> None:
    project.patch(OFTEN)
    worker = project.work().ready()
    project.push_work(20)
    wait_until(lambda: done(project) == 20)
    (child,) = worker.children()
    os.kill(child, signal.SIGKILL)
    project.push_work(5, start=20)
    wait_until(lambda: done(project) == 25)
    wait_until(project.empty)
    assert worker.stop() == 0
    assert done(project) == 25


def test_a_child_that_is_killed_with_its_job_counts_when_the_job_has_run(project: Project) -> None:
    project.patch(OFTEN)
    project.jobs(
        "class Deadly(Job):\n"
        "    def handle(self):\n"
        "        if not os.path.exists('killed'):\n"
        "            open('killed', 'w').close()\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    (job_id,) = project.push("Deadly", {})
    project.push_work(3)
    project.drain()
    assert job_id not in [str(row["id"]) for row in project.rows()]
    rate = merged(project._engine.rates(60, 0, handler="App\\Jobs\\Deadly"))
    assert rate is not None
    assert rate.runs == rate.done == 1
    assert done(project) == 3


def test_a_stop_sends_what_ended_before_it(project: Project) -> None:
    worker = project.work().ready()
    project.push_work(30)
    wait_until(project.empty)
    assert worker.stop() == 0
    assert done(project) == 30


def errors(project: Project, job_id: str) -> list[tuple[int, str]]:
    """The number and kind of each failed attempt of a job, the latest first."""
    job = project._engine.find(job_id)
    assert job is not None
    return [(error.attempt, error.kind) for error in job.errors]


@pytest.mark.parametrize("processes", [1, 0])
def test_it_is_kept_why_each_attempt_failed(project: Project, processes: int) -> None:
    project.jobs(
        "class Fails(Job):\n"
        "    attempts = 3\n"
        "    def handle(self):\n"
        "        raise ValueError(f'no {self.context.attempt}')\n"
    )
    (job_id,) = project.push("Fails", {})
    project.drain(f"--workers={processes}")
    assert errors(project, job_id) == [(3, "error"), (2, "error"), (1, "error")]
    job = project._engine.find(job_id)
    assert job is not None
    assert job.errors[2].text.startswith("ValueError: no 1")
    rate = merged(project._engine.rates(60, 0, handler="App\\Jobs\\Fails"))
    assert rate is not None
    assert (rate.retried, rate.failed) == (2, 1)


def test_it_is_kept_that_the_process_died_or_ignored_the_timeout(project: Project) -> None:
    project.jobs(
        "class Odd(Job):\n"
        "    attempts = 2\n"
        "    timeout = 0.2\n"
        "    def handle(self):\n"
        "        name = 'tries'\n"
        "        with open(name, 'a') as tries:\n"
        "            tries.write('x')\n"
        "        if os.path.getsize(name) == 1:\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
        "        while True:\n"
        "            try:\n"
        "                time.sleep(60)\n"
        "            except BaseException:\n"
        "                pass\n"
    )
    (job_id,) = project.push("Odd", {})
    project.drain(JOB_TIMEOUT_GRACE="0.2")
    assert errors(project, job_id) == [(2, "timeout"), (1, "timeout"), (1, "lost")]
    rate = merged(project._engine.rates(60, 0, handler="App\\Jobs\\Odd"))
    assert rate is not None
    assert (rate.retried, rate.failed, rate.runs) == (1, 1, 2)
