"""The program of `schedule.command` does not outlive a run that fails or whose worker is killed."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.support.processes import alive
from tests.support.project import Project
from tests.support.waiting import wait_until
from tests.support.worker import Worker

pytestmark = pytest.mark.slow

PROGRAM = ["sh", "-c", "sleep 77 & echo $$ $! >> pids; wait"]
"""A program that starts another one."""

FAILS = ["sh", "-c", "sleep 77 & echo $$ $! >> pids; exit 3"]
LEAVES = ["sh", "-c", "sleep 2 & echo $$ $! >> pids; exit 0"]


def dispatch(project: Project, command: list[str]) -> None:
    (project.root / "config").mkdir(exist_ok=True)
    (project.root / "config/schedule.py").write_text(
        f"from lightjobs.schedule import schedule\nschedule.command({command!r}).daily()\n"
    )
    project.insert("lightjobs.RunCommand", json.dumps({"command": command}))


def started(project: Project, worker: Worker) -> list[int]:
    path = Path(project.root / "pids")
    wait_until(lambda: path.exists() and len(path.read_text().split()) == 2)
    return [int(pid) for pid in path.read_text().split()]


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("how", ["grace", "second", "killed", "all killed"])
def test_a_program_ends_with_its_run(project: Project, how: str, workers: int) -> None:
    dispatch(project, PROGRAM)
    worker = project.work(f"--workers={workers}", f"--grace={1 if how == 'grace' else 60}")
    pids = started(project, worker)
    assert all(map(alive, pids))
    begun = time.monotonic()
    if how == "killed":
        (child,) = [pid for pid in worker.children() if name(pid) != "sh"] or [worker.pid]
        os.kill(worker.pid if not workers else child, signal.SIGKILL)
    elif how == "all killed":
        worker.signal_all(signal.SIGKILL)
    else:
        worker.signal(signal.SIGTERM)
        if how == "second":
            time.sleep(0.3)
            worker.signal(signal.SIGTERM)
        assert worker.wait() == 0
    wait_until(lambda: not any(map(alive, pids)))
    assert time.monotonic() - begun < 10


def name(pid: int) -> str:
    command = Path(f"/proc/{pid}/cmdline").read_bytes().partition(b"\0")[0].decode()
    return Path(command).name


def test_a_program_that_fails_leaves_no_process(project: Project) -> None:
    dispatch(project, FAILS)
    worker = project.drain()
    pids = started(project, worker)
    assert not any(map(alive, pids))
    assert "exit status 3" in project.rows()[0]["exception"]


def test_what_a_program_leaves_behind_when_it_succeeds_is_its_own_affair(project: Project) -> None:
    dispatch(project, LEAVES)
    worker = project.drain()
    assert alive(started(project, worker)[1])
    assert project.empty()


def test_a_program_may_use_the_grace(project: Project) -> None:
    dispatch(project, ["sh", "-c", "echo $$ 1 >> pids; sleep 1; echo done > done"])
    worker = project.work("--grace=20")
    started(project, worker)
    worker.signal_all(signal.SIGINT)
    assert worker.wait() == 0
    assert (project.root / "done").exists()
    assert project.empty()
