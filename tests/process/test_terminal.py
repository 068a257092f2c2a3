"""Ctrl-C at a terminal, and the programs that handlers run."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.project import Project
from tests.support.terminal import Terminal
from tests.support.waiting import wait_until
from tests.support.worker import COMMAND

pytestmark = pytest.mark.slow

RUNS = """
import subprocess

class Runs(Job):
    def handle(self):
        program = subprocess.Popen(["sh", "-c", "echo $$ > pid; sleep 1.5; echo fine > fine"])
        record("start", 1)
        record("status", program.wait())
"""


@pytest.fixture
def terminal(project: Project) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def make(*options: str) -> Terminal:
        command = [*COMMAND, "job:work", *options]
        opened.append(Terminal(command, project.root, project.environment()))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def ignored(pid: int) -> int:
    """The signals that a process ignores, as a mask."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("SigIgn")), 16)


def test_ctrl_c_ends_no_program_of_a_running_job(project: Project, terminal) -> None:
    project.jobs(RUNS)
    project.push("Runs", {})
    worker = terminal("--grace=20")
    wait_until(lambda: project.started(1))
    worker.type(b"\x03")
    assert worker.process.wait(15) == 0
    assert (project.root / "fine").exists()
    assert project.runs("status") == {"0": 1}
    assert project.empty()


def test_a_second_ctrl_c_stops_at_once(project: Project, terminal) -> None:
    project.push_work(1, sleep=60)
    worker = terminal("--grace=60")
    wait_until(lambda: project.started(0))
    worker.type(b"\x03")
    time.sleep(0.5)
    assert worker.process.poll() is None
    worker.type(b"\x03")
    assert worker.process.wait(10) == 0
    assert project.statuses() == {"new": 1}


def test_a_terminal_that_is_closed_stops_the_worker_gracefully(project: Project, terminal) -> None:
    project.push_work(2, sleep=1)
    worker = terminal()
    wait_until(lambda: project.started(0))
    worker.process.send_signal(signal.SIGHUP)
    assert worker.process.wait(15) == 0
    assert project.runs("end") == {"0": 1}


@pytest.mark.parametrize("workers", [0, 1])
def test_programs_of_handlers_start_with_the_signals_of_a_shell(
    project: Project, workers: int
) -> None:
    project.jobs(RUNS)
    project.push("Runs", {})
    worker = project.work(f"--workers={workers}")
    wait_until(lambda: (project.root / "pid").exists() and (project.root / "pid").read_text())
    pid = int((project.root / "pid").read_text())
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGCHLD):
        assert not ignored(pid) >> (number - 1) & 1, signal.Signals(number).name
    os.kill(pid, signal.SIGINT)
    wait_until(lambda: project.runs("status"))
    assert project.runs("status") == {str(-signal.SIGINT): 1}
    assert worker.stop() == 0


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_ctrl_z_stops_the_children_too(project: Project, terminal) -> None:
    project.jobs(RUNS)
    project.push("Runs", {})
    worker = terminal()
    wait_until(lambda: project.started(1))
    child = int(project.book("start")[0].pid)
    wait_until((project.root / "pid").exists)
    wait_until(lambda: (project.root / "pid").read_text())
    worker.type(b"\x1a")
    wait_until(lambda: state(child) == state(worker.process.pid) == "T")
    program = int((project.root / "pid").read_text())
    wait_until(lambda: state(program) == "T", what="the program of the job is stopped, too")
    worker.process.send_signal(signal.SIGCONT)
    wait_until(project.empty)
    worker.type(b"\x03")
    assert worker.process.wait(10) == 0
