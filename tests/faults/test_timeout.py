"""Handlers that ignore their timeout: the child is killed, and each job spends what it should."""

from __future__ import annotations

import pytest

from tests.support.project import Project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

STUBBORN = """
from lightjobs import JobTimeout

class Stubborn(Job):
    timeout = 0.2
    attempts = 2
    def handle(self):
        record("start", self.payload["n"])
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                time.sleep(1)
            except JobTimeout:
                record("told", self.payload["n"])

class HoldsTheGil(Job):
    timeout = 0.2
    def handle(self):
        record("start", self.payload["n"])
        import re
        re.match(r"(a+)+$", "a" * 40 + "b")

class BlocksTheLoop(Job):
    timeout = 0.2
    async def handle(self):
        record("start", self.payload["n"])
        time.sleep(30)

class Soft(Job):
    timeout = 0.2
    def handle(self):
        record("start", self.payload["n"])
        time.sleep(30)
"""


@pytest.mark.parametrize("concurrency", [1, 3])
@pytest.mark.parametrize("name", ["HoldsTheGil", "BlocksTheLoop"])
def test_a_handler_that_cannot_be_interrupted_is_killed_with_its_child(
    project: Project, name: str, concurrency: int
) -> None:
    project.jobs(STUBBORN)
    (job_id,) = project.push(name, {"n": "bad"})
    worker = project.work(f"--concurrency={concurrency}", JOB_TIMEOUT_GRACE="0.3")
    wait_until(lambda: project.row(job_id)["status"] == "failed")
    row = project.row(job_id)
    assert (row["attempts"], row["recoveries"]) == (1, 0)
    assert row["exception"] == "timed out after 0.2 s, and went on: its worker was ended"
    project.push_work(3)
    wait_until(lambda: len(project.book("end")) == 3)
    assert project.runs() == {"bad": 1, "0": 1, "1": 1, "2": 1}
    assert worker.stop() == 0
    assert f"job {job_id} timed out" in worker.err


HOOKS = """
class HoldsAndTells(Job):
    timeout = 0.2
    attempts = 2
    def handle(self):
        record("start", self.payload["n"])
        import re
        re.match(r"(a+)+$", "a" * 40 + "b")
    def onFailure(self):
        why = str(self.getException()).replace(" ", "_")
        record("failed", f"{self.payload['n']}:{self.context.attempt}:{why}")
"""


@pytest.mark.parametrize("fresh", [False, True], ids=["a fork", "a new interpreter"])
def test_the_next_child_calls_the_hooks_of_a_job_that_was_killed(
    project: Project, fresh: bool
) -> None:
    project.jobs(HOOKS)
    project.module(
        "seen",
        "from lightjobs.middleware import Middleware\n"
        "from .book import record\n"
        "class Seen(Middleware):\n"
        "    def on_settle(self, run):\n"
        "        record('settled', f'{type(run.outcome).__name__}:{run.claim.attempts}')\n",
    )
    (project.root / "config").mkdir()
    (project.root / "config/jobs.py").write_text(
        "import lightjobs\n"
        "jobs = {'engine': 'database', 'timeout_grace': 0.3}\n"
        "jobs['middleware'] = ['app_jobs.seen.Seen']\n"
    )
    if fresh:
        project.patch(
            "import threading, time\n"
            "threading.Thread(target=time.sleep, args=(99,), daemon=True).start()\n"
        )
    project.push("HoldsAndTells", {"n": "bad"})
    worker = project.work()
    (told,) = wait_until(lambda: project.book("failed"))
    assert told.n == "bad:2:timed_out_after_0.2_s"
    wait_until(lambda: len(project.book("settled")) == 2)
    assert [entry.n for entry in project.book("settled")] == ["Release:1", "Failed:2"]
    assert worker.stop() == 0
    assert worker.out.count("[RETRIED]") == worker.out.count("[FAILED]") == 1
    assert len(project.book("failed")) == 1


def test_ignoring_a_timeout_spends_an_attempt_each_time_and_no_recovery(project: Project) -> None:
    project.jobs(STUBBORN)
    (job_id,) = project.push("Stubborn", {"n": 1})
    project.drain(JOB_TIMEOUT_GRACE="0.3")
    assert project.runs() == {"1": 2}
    assert project.runs("told") == {"1": 2}
    row = project.row(job_id)
    assert (row["status"], row["attempts"], row["recoveries"]) == ("failed", 2, 0)


def test_other_jobs_of_the_killed_child_go_back_and_spend_nothing(project: Project) -> None:
    project.jobs(STUBBORN)
    neighbours = project.push("Work", *({"n": n, "sleep": 1.5} for n in range(3)))
    project.push("BlocksTheLoop", {"n": "bad"})
    worker = project.work("--concurrency=4", "--grace=0", JOB_TIMEOUT_GRACE="0.2")
    wait_until(lambda: len(project.book("start")) == 4)
    wait_until(lambda: len(project.book("start")) >= 7, what="the neighbours start again")
    rows = [project.row(job_id) for job_id in neighbours]
    assert {(row["attempts"], row["recoveries"]) for row in rows} == {(1, 0)}
    assert project.statuses() == {"failed": 1, "queued": 3}
    wait_until(lambda: project.statuses() == {"failed": 1})
    assert worker.stop() == 0


def test_a_soft_timeout_needs_no_kill(project: Project) -> None:
    project.jobs(STUBBORN)
    project.push("Soft", *({"n": n} for n in range(5)))
    worker = project.drain()
    assert {row["exception"].splitlines()[0] for row in project.rows()} == {"timed out after 0.2 s"}
    assert "ended" not in worker.err
    assert len({entry.pid for entry in project.book("start")}) == 1


def test_max_jobs_counts_the_job_that_timed_out_and_not_those_handed_back(project: Project) -> None:
    project.jobs(STUBBORN)
    project.push("BlocksTheLoop", {"n": "bad"})
    project.push("Work", *({"n": n, "sleep": 1} for n in range(3)))
    worker = project.work("--concurrency=3", "--max-jobs=3", JOB_TIMEOUT_GRACE="0.1")
    assert worker.wait() == 0
    assert len(project.runs("end")) == 2
    assert project.statuses() == {"failed": 1, "new": 1}


def test_with_workers_0_the_process_itself_ends(project: Project) -> None:
    project.jobs(STUBBORN)
    (job_id,) = project.push("BlocksTheLoop", {"n": 1})
    worker = project.work("--workers=0", JOB_TIMEOUT_GRACE="0.2")
    assert worker.wait() == 1
    assert project.row(job_id)["status"] == "failed"


def test_an_invalid_timeout_grace_is_named(project: Project) -> None:
    ended = project.cli("job:work", JOB_TIMEOUT_GRACE="soon")
    assert ended.returncode == 2
    assert ended.stderr.strip().endswith(
        "JOB_TIMEOUT_GRACE is 'soon'; allowed: seconds, at least 0"
    )
