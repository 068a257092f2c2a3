"""A child that ends calls exit functions, as a Python program does."""

from __future__ import annotations

import signal
import time

import pytest

from tests.support.project import Project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

EXITS = """
import atexit, logging, logging.handlers, tempfile, weakref

atexit.register(record, "exit", "module")


class Opens(Job):
    def handle(self):
        atexit.register(record, "exit", "job")
        self.__class__.file = open("unwritten.txt", "w")
        self.file.write("buffered")
        self.__class__.folder = tempfile.TemporaryDirectory(prefix="kept-", dir=".")
        target = logging.FileHandler("memory.log")
        logging.getLogger("app").addHandler(logging.handlers.MemoryHandler(100, target=target))
        logging.getLogger("app").warning("remembered")
        threading.Thread(target=time.sleep, args=(60,)).start()
        record("end", 1)
"""


@pytest.mark.parametrize(
    "options",
    [(), ("--stop-when-empty",), ("--max-jobs=1",), ("--cooldown=1",), ("--concurrency=3",)],
)
@pytest.mark.parametrize("threads", [False, True])
def test_exit_functions_are_called_whatever_ends_the_child(
    project: Project, options: tuple[str, ...], threads: bool
) -> None:
    if threads:  # then children are new interpreters
        project.patch(
            "import sys, threading, time\n"
            "if 'job:work' in sys.argv:\n"
            "    threading.Thread(target=time.sleep, args=(99,), daemon=True).start()\n"
        )
    project.jobs(EXITS)
    project.push("Opens", {})
    worker = project.work(*options)
    wait_until(lambda: project.runs("end"))
    begun = time.monotonic()
    if options in {(), ("--concurrency=3",)}:
        worker.signal(signal.SIGTERM)
    assert worker.wait(10) == 0
    assert time.monotonic() - begun < 4.5, "it did not wait for the thread"
    assert [entry.n for entry in project.book("exit")] == ["job", "module"]
    assert (project.root / "unwritten.txt").read_text() == "buffered"
    assert (project.root / "memory.log").read_text() == "remembered\n"
    assert list(project.root.glob("kept-*")) == []


def test_exit_functions_are_called_when_a_child_is_replaced(project: Project) -> None:
    project.jobs(EXITS)
    project.push("Opens", {})
    worker = project.work("--max-memory=1M")
    wait_until(lambda: project.runs("exit").get("job"))
    assert worker.stop() == 0


def test_an_exit_function_that_hangs_is_bounded(project: Project) -> None:
    project.jobs(
        "import atexit\n"
        "atexit.register(time.sleep, 60)\n"
        "class Quick(Job):\n"
        "    def handle(self): record('end', 1)\n"
    )
    project.push("Quick", {})
    begun = time.monotonic()
    worker = project.drain()
    assert 4.5 < time.monotonic() - begun < 20
    assert "an exit function took too long" in worker.err


def test_an_exit_function_that_raises_changes_nothing(project: Project) -> None:
    project.jobs(
        "import atexit\n"
        "atexit.register(record, 'exit', 'last')\n"
        "atexit.register(lambda: 1 / 0)\n"
        "atexit.register(sys.exit, 3)\n"
    )
    project.drain()
    assert len(project.book("exit")) == 1


def test_what_a_fork_has_inherited_is_left_to_the_supervisor(project: Project) -> None:
    project.patch(
        "import atexit, os, sys, tempfile\n"
        "if 'job:work' in sys.argv:\n"
        "    kept = tempfile.TemporaryDirectory(prefix='supervisors-', dir='.')\n"
        "    def left():\n"
        "        open(f'left-{os.getpid()}', 'w').close()\n"
        "    atexit.register(left)\n"
    )
    project.push_work(1)
    worker = project.drain("--workers=2")
    assert [path.name for path in project.root.glob("left-*")] == [f"left-{worker.pid}"]
    assert list(project.root.glob("supervisors-*")) == []


def test_the_end_of_the_grace_does_not_wait_for_exit_functions(project: Project) -> None:
    project.jobs("import atexit\natexit.register(time.sleep, 60)\n")
    worker = project.work("--grace=0.5").ready()
    begun = time.monotonic()
    assert worker.stop() == 0
    assert time.monotonic() - begun < 4
