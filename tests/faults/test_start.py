"""Children that die while they start."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.support.processes import cpu_seconds
from tests.support.project import Project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


def test_a_child_killed_during_its_start_is_replaced(project: Project) -> None:
    project.push_work(20)
    worker = project.work()
    for _ in range(3):
        child = wait_until(worker.children)[0]
        os.kill(child, signal.SIGKILL)
        wait_until(lambda child=child: worker.children() not in ([], [child]))
    wait_until(project.empty)
    assert "[READY]" in worker.out
    assert {row["recoveries"] for row in project.rows()} <= {0}
    assert worker.stop() == 0


def test_a_module_broken_later_ends_the_worker_with_exit_2_and_file_and_line(
    project: Project,
) -> None:
    project.push_work(300, sleep=0.01)
    worker = project.work("--workers=2").ready()
    wait_until(lambda: len(project.book("end")) > 20)
    project.module("broken", "x = 1\n1 / 0\n")
    os.kill(worker.children()[0], signal.SIGKILL)
    assert worker.wait() == 2
    assert "broken.py:2" in worker.err
    assert "Traceback" not in worker.err
    runs = project.runs("end")
    assert project.statuses() == {"new": 300 - len(runs)}
    assert {row["attempts"] for row in project.rows()} == {0}


def test_children_that_die_at_once_are_replaced_with_ever_longer_pauses(project: Project) -> None:
    project.module("deadly", "import os\nos._exit(1)\n")
    project.push_work(5)
    worker = project.work()
    time.sleep(2.5)
    assert worker.running()
    starts = worker.err.count("a child ended with status 1")
    assert 2 <= starts <= 6, "0.1, 0.2, 0.4, 0.8 s between them, and the start itself"
    project.module("deadly", "")
    wait_until(project.empty, what="mended: it goes on")
    assert {row["recoveries"] for row in project.rows()} <= {0}
    assert worker.stop() == 0


def test_the_supervisor_does_not_spin_while_one_of_its_children_starts_slowly(
    project: Project,
) -> None:
    project.module(
        "slow",
        "import os, time\n"
        "try:\n    os.mkdir('slow')\n    time.sleep(3)\nexcept FileExistsError:\n    pass\n",
    )
    worker = project.work("--workers=2")
    time.sleep(1.2)
    before = cpu_seconds(worker.pid)
    time.sleep(1.2)
    assert cpu_seconds(worker.pid) - before < 0.3
    assert "[READY]" not in worker.out
    worker.ready()


def test_the_first_child_works_while_the_second_still_starts(project: Project) -> None:
    project.module(
        "slow",
        "import os, time\n"
        "try:\n    os.mkdir('slow')\nexcept FileExistsError:\n    pass\n"
        "else:\n    while not os.path.exists('go'):\n        time.sleep(0.01)\n",
    )
    project.push_work(20)
    project.work("--workers=2")
    wait_until(project.empty)
    (project.root / "go").touch()


def test_a_signal_while_the_children_start_ends_them_all(project: Project) -> None:
    project.module("slow", "import time\ntime.sleep(1)\n")
    worker = project.work("--workers=2", "--grace=20")
    children = wait_until(lambda: (now := worker.children()) and len(now) == 2 and now)
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0
    assert not [child for child in children if os.path.exists(f"/proc/{child}")]
