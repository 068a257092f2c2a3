"""The process of `schedule:work`, on a memory engine of its own."""

import os
import signal
import subprocess
import sys
import time

import pytest

SCRIPT = """
import sys, time
from lightjobs import Job
from lightjobs.engines.memory import MemoryEngine
from lightjobs.current import use
from lightjobs.settings.settings import load
from lightjobs.schedule import Schedule
from lightjobs.schedule.scheduler_main import run
from lightjobs.schedule.scheduler import Scheduler

class Tick(Job):
    pass

engine = MemoryEngine()
push_slots = engine.schedule.push_slots

def printing(slots):
    for slot in slots:
        print(time.time() - slot.due, flush=True)
    return push_slots(slots)

engine.schedule.push_slots = printing
use(engine, load())
entries = [Schedule().job(Tick).everySeconds(1).entry()]
sys.exit(run(Scheduler(engine, entries), "parent" in sys.argv, lambda: print("ready", flush=True)))
"""


@pytest.fixture
def started(tmp_path):
    """Start the process; it is gone when the test ends."""
    processes = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, *arguments], stdout=subprocess.PIPE, text=True
        )
        processes.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_with_status_0(started, number):
    process = started()
    process.send_signal(number)
    assert process.wait(timeout=30) == 0


@pytest.mark.slow
def test_each_moment_is_dispatched_when_it_is_due(started):
    process = started()
    late = [float(process.stdout.readline()) for _ in range(3)]
    assert 0 <= min(late) < 1, "before the next moment"


@pytest.mark.slow
def test_with_parent_it_ends_when_its_parent_has(tmp_path):
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import subprocess, sys\n"
            "child = subprocess.Popen([sys.executable, '-c', sys.argv[1], 'parent'])\n"
            "print(child.pid, flush=True)\n"
            "sys.stdin.read()",
            SCRIPT,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    words = [parent.stdout.readline().strip(), parent.stdout.readline().strip()]
    words.remove("ready")
    pid = int(words[0])
    parent.kill()
    parent.stdin.close()
    parent.stdout.close()
    parent.wait()
    until = time.monotonic() + 30
    while is_alive(pid):
        assert time.monotonic() < until
        time.sleep(0.05)


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # Orphans stay as zombies where no process reaps them.
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0] != "Z"
