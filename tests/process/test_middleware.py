"""Middleware of `config/jobs.py` in real workers."""

from __future__ import annotations

import pytest

from tests.support.project import Project

pytestmark = pytest.mark.slow

AROUND = """
from lightjobs.middleware import Middleware

from .book import record


class Around(Middleware):
    def on_claim(self, claim):
        record("claim", claim.id)

    async def handle(self, run, next):
        record("before", run.claim.id)
        await next()
        record("after", run.claim.id)

    def on_settle(self, run):
        record("settle", run.claim.id)
"""


def configure(project: Project, middleware: str) -> None:
    (project.root / "config").mkdir()
    (project.root / "config" / "jobs.py").write_text(
        "from lightjobs.env import env\n"
        f'jobs = {{"engine": env("JOB_ENGINE"), "middleware": {middleware}}}\n'
    )


@pytest.mark.parametrize("options", [("--workers=0",), ("--workers=2", "--concurrency=2")])
def test_the_worker_that_runs_a_job_calls_its_middleware_once(
    project: Project, options: tuple[str, ...]
) -> None:
    project.module("around", AROUND)
    configure(project, '["app_jobs.around.Around", "lightjobs.middleware.Logging"]')
    (work,) = project.push("Work", {"n": 1})
    (async_work,) = project.push("AsyncWork", {"n": 2})
    worker = project.drain(*options)
    for event in ("claim", "before", "after", "settle"):
        assert project.runs(event) == {work: 1, async_work: 1}
    assert f"done App\\Jobs\\Work {work}" in worker.err


CLOSES = """
import os, time
from lightjobs.middleware import Middleware

from .book import record


class Closes(Middleware):
    def close(self):
        record("close", 1)
        time.sleep(float(os.environ.get("CLOSE_SECONDS", 0)))
"""


@pytest.mark.parametrize(
    "options", [("--workers=0",), ("--workers=1",), ("--max-jobs=1",)], ids=lambda each: each[0]
)
def test_middleware_is_closed_once_when_a_workers_process_ends(
    project: Project, options: tuple[str, ...]
) -> None:
    project.module("closes", CLOSES)
    configure(project, '["app_jobs.closes.Closes"]')
    project.push("Work", {"n": 1})
    project.drain(*options)
    assert project.runs("close") == {"1": 1}
    (closed,), (ended,) = project.book("close"), project.book("end")
    assert closed.pid == ended.pid
    assert closed.at > ended.at


def test_a_close_that_hangs_does_not_keep_the_process(project: Project) -> None:
    project.module("closes", CLOSES)
    configure(project, '["app_jobs.closes.Closes"]')
    project.push("Work", {"n": 1})
    worker = project.drain("--workers=1", CLOSE_SECONDS="60")
    assert project.runs("close") == {"1": 1}
    assert "took longer than 2 s to close" in worker.err


def test_worker_and_check_report_a_bad_entry_in_one_line(project: Project) -> None:
    configure(project, '["app_jobs.nowhere.Around"]')
    done = project.cli("job:work")
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert "config/jobs.py: middleware names app_jobs.nowhere.Around: ModuleNotFoundError" in line
    checked = project.cli("check")
    assert checked.returncode == 1
    assert checked.stdout.count("problem: ") == 1
    assert "app_jobs.nowhere.Around" in checked.stdout
