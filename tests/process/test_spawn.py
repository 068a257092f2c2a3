"""How children start: forked at first, later as new interpreters. Jobs see no difference."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import pytest

from tests.support.project import Project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

THREAD = """
import threading, time
threading.Thread(target=time.sleep, args=(99,), daemon=True).start()
"""


def command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def opened(pid: int, kind: str) -> set[str]:
    """The open files of a process whose name contains `kind`, each with its inode."""
    found = set()
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # it has just been closed
            found.add(f"{os.readlink(path)} {path.stat().st_ino}")
    return {name for name in found if kind in name}


def test_the_first_children_are_forked_and_so_start_at_once(project: Project) -> None:
    worker = project.work("--workers=2").ready()
    assert {command(child) for child in worker.children()} == {command(worker.pid)}


def test_once_there_are_threads_a_child_is_a_new_interpreter(project: Project) -> None:
    """A forked child would have the locks that the threads hold, but not the threads that would
    release them."""
    project.patch(THREAD)
    project.push_work(3)
    worker = project.work().ready()
    (child,) = worker.children()
    assert b"lightjobs.workers.child" in command(child)
    wait_until(project.empty)
    assert worker.stop() == 0


def test_a_child_of_another_version_is_not_started(project: Project) -> None:
    """The package was replaced under the supervisor. What both versions agree on is not known."""
    project.patch(
        "import lightjobs.workers.order as order, os\n"
        "if os.path.exists('replaced'):\n"
        "    order.__version__ = '99.0'\n"
    )
    worker = project.work().ready()
    (project.root / "replaced").touch()
    (child,) = worker.children()
    os.kill(child, signal.SIGKILL)
    assert worker.wait() == 5
    assert "was replaced by 99.0 while this worker ran; start the worker again" in worker.err


def test_a_forked_child_keeps_nothing_of_the_supervisor_or_of_other_children_open(
    project: Project,
) -> None:
    worker = project.work("--workers=3").ready()
    for child in worker.children():
        # It reports that it is ready, and then closes the pipe it used for that.
        wait_until(lambda child=child: not opened(child, "pipe:") & opened(worker.pid, "pipe:"))
        assert len(opened(child, ":lightjobs")) == 4, "its own journal and what all share"
        assert os.readlink(f"/proc/{child}/fd/0") == "/dev/null"


def test_a_forked_child_runs_the_code_of_the_moment_it_starts(project: Project) -> None:
    worker = project.work().ready()
    project.jobs("class Later(Job):\n    def handle(self): record('start', 'later')\n")
    (child,) = worker.children()
    os.kill(child, signal.SIGKILL)
    project.push("Later", {})
    wait_until(lambda: project.started("later"))


def test_the_supervisor_imports_nothing_of_the_project(project: Project) -> None:
    project.module("seen", "import os\nopen(f'seen-{os.getpid()}', 'w').close()\n")
    (project.root / "config").mkdir()
    (project.root / "config/jobs.py").write_text(
        "import lightjobs\n"
        "jobs = {'engine': 'database', 'middleware': ['app_jobs.traced.Traced']}\n"
    )
    project.module(
        "traced",
        "from lightjobs.middleware import Middleware\nfrom . import seen\n"
        "class Traced(Middleware):\n    pass\n",
    )
    worker = project.work().ready()
    importers = {int(path.name.partition("-")[2]) for path in project.root.glob("seen-*")}
    assert importers == set(worker.children())


@pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
def test_a_handler_in_a_forked_child_may_start_processes(project: Project, method: str) -> None:
    project.jobs(
        "import multiprocessing\n"
        "def squared(n): return n * n\n"
        "class Spreads(Job):\n"
        "    def handle(self):\n"
        f"        with multiprocessing.get_context({method!r}).Pool(2) as pool:\n"
        "            record('sum', sum(pool.map(squared, [1, 2, 3])))\n"
    )
    project.push("Spreads", {})
    project.drain()
    assert [entry.n for entry in project.book("sum")] == ["14"]


@pytest.mark.parametrize("workers", [0, 1])
def test_processes_that_a_handler_forks_can_be_ended(project: Project, workers: int) -> None:
    """With the worker's handler for TERM a process would go on, and a pool would wait for it
    forever."""
    project.jobs(
        "import os, signal, time\n"
        "class Forks(Job):\n"
        "    def handle(self):\n"
        "        pid = os.fork()\n"
        "        if not pid:\n"
        "            time.sleep(3)\n"
        "            os._exit(7)\n"
        "        time.sleep(0.2)\n"
        "        os.kill(pid, signal.SIGTERM)\n"
        "        record('status', os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
    )
    project.push("Forks", {})
    project.drain(f"--workers={workers}")
    assert [entry.n for entry in project.book("status")] == [str(-signal.SIGTERM)]
