"""`job:work` as process 1 of a container."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.processes import parents
from tests.support.project import Project
from tests.support.waiting import wait_until
from tests.support.worker import COMMAND

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("init process")]

NAMESPACES = (["--pid"], ["--user", "--map-root-user", "--pid"])
"""As root, or as a user who may have a namespace of users."""

SLOW_IMPORTS = """
import sys, time
from pathlib import Path


class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "lightjobs.cli":
            Path("importing").touch()
            time.sleep(60)


sys.meta_path.insert(0, Slow())
"""

ORPHANS = """
class Orphans(Job):
    def handle(self):
        pid = os.fork()
        if not pid:
            if not os.fork():
                time.sleep(0.05)
            os._exit(0)
        os.waitpid(pid, 0)
        time.sleep(0.3)
        record("end", self.payload.get("n", 0))
"""


@pytest.fixture(scope="module")
def unshare() -> list[str]:
    """What a command begins with to run as process 1."""
    said = "there is no unshare"
    for namespaces in NAMESPACES:
        command = ["unshare", *namespaces, "--fork", "--kill-child"]
        with contextlib.suppress(FileNotFoundError):
            tried = subprocess.run([*command, "true"], capture_output=True, text=True)
            if tried.returncode == 0:
                return command
            said = tried.stderr.strip()
    pytest.skip(f"this machine gives no new process namespace: {said}")


@pytest.fixture
def contained(project: Project, unshare: list[str]):
    """`job:work` as process 1; what is returned is the process that has started it."""
    started = []

    def start(*options: str) -> subprocess.Popen[bytes]:
        with (project.root / "out").open("wb") as out:
            process = subprocess.Popen(
                [*unshare, *COMMAND, "job:work", *options],
                cwd=project.root,
                env=project.environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def zombies(under: int) -> int:
    """The zombies among the children of a process."""
    count = 0
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdigit():
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
                count += state == "Z" and int(parent) == under
    return count


def child_of(pid: int) -> int:
    wait_until(lambda: pid in parents().values())
    return next(child for child, parent in parents().items() if parent == pid)


@pytest.mark.parametrize("workers", [0, 1])
def test_orphans_of_jobs_do_not_stay_as_zombies(project: Project, contained, workers: int) -> None:
    project.jobs(ORPHANS)
    project.push("Orphans", *({"n": n} for n in range(3)))
    process = contained(f"--workers={workers}")
    wait_until(lambda: len(project.runs("end")) == 3)
    init = child_of(process.pid)
    wait_until(lambda: zombies(init) == 0)
    os.kill(init, signal.SIGTERM)
    assert process.wait(15) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_a_stop_lets_the_running_job_end(project: Project, contained, number: int) -> None:
    project.push_work(3, sleep=0.5)
    process = contained("--grace=20")
    wait_until(lambda: project.started(0))
    os.kill(child_of(process.pid), number)
    assert process.wait(15) == 0
    assert project.runs("end") == {"0": 1}
    assert project.statuses() == {"new": 2}


def test_the_exit_status_is_that_of_the_command(project: Project, contained) -> None:
    assert contained("--stop-when-empty").wait(15) == 0
    (project.root / ".env").write_text("JOB_ENGINE=nonsense\n")
    assert contained("--stop-when-empty").wait(15) == 2


def test_a_second_signal_is_immediate(project: Project, contained) -> None:
    project.push_work(1, sleep=60)
    process = contained("--grace=60")
    wait_until(lambda: project.started(0))
    init = child_of(process.pid)
    os.kill(init, signal.SIGTERM)
    time.sleep(0.3)  # signals that arrive at once are one
    os.kill(init, signal.SIGTERM)
    assert process.wait(10) == 0
    assert project.statuses() == {"new": 1}


def test_a_signal_during_the_imports_ends_it(project: Project, contained) -> None:
    project.patch(SLOW_IMPORTS)
    process = contained()
    wait_until((project.root / "importing").exists)
    os.kill(child_of(process.pid), signal.SIGTERM)
    assert process.wait(15) == 128 + signal.SIGTERM
