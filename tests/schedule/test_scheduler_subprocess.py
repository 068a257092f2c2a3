"""`job:work --schedule`, and commands in a real worker."""

import subprocess
import sys
import threading
import time

import pytest

from lightjobs import current
from lightjobs.cli import run
from lightjobs.engines.where import Where
from lightjobs.schedule import scheduler_subprocess as module
from lightjobs.schedule.command import RunCommand
from lightjobs.schedule.scheduler_subprocess import SchedulerSubprocess
from tests.support.processes import alive
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


def lines(path):
    return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def started(tmp_path, monkeypatch):
    """Has a Python text run in place of a scheduler; tells which processes were, and as what."""
    monkeypatch.setattr(module, "RESTART_SECONDS", 0.05)
    log, program = tmp_path / "log", tmp_path / "program"

    def run(text):
        notes = f"import os, sys\nprint(os.getpid(), *sys.argv[1:], file=open({str(log)!r}, 'a'))"
        program.write_text(f"#!{sys.executable}\n{notes}\n{text}\n")
        program.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(program))
        return lambda: lines(log)

    return run


def keepers():
    return [thread for thread in threading.enumerate() if thread.name == "schedule"]


def test_it_runs_the_schedulers_command_with_the_options_given(started):
    seen = started("sys.exit(0)")
    with SchedulerSubprocess(["--quiet"]):
        wait_until(seen)
    (line,) = seen()
    assert line.split()[1:] == ["-m", "lightjobs", "schedule:work", "--with-parent", "--quiet"]


def test_a_scheduler_that_dies_is_replaced_while_the_worker_runs(started):
    seen = started("sys.exit(9)")
    with SchedulerSubprocess([]):
        wait_until(lambda: len(seen()) >= 3)
    before = seen()
    time.sleep(0.3)  # six times what it waits before it starts another
    assert seen() == before
    assert not keepers()


def test_a_scheduler_that_was_stopped_from_outside_is_replaced(started, caplog):
    seen = started("sys.exit(0)")
    with SchedulerSubprocess([]):
        wait_until(lambda: len(seen()) >= 2)
    assert "the scheduler was stopped from outside; starting another" in caplog.text


def test_a_scheduler_that_was_stopped_with_its_worker_is_not_replaced(started, caplog):
    seen = started("sys.exit(0)")
    with SchedulerSubprocess([]) as scheduler:
        wait_until(seen)
        scheduler.worker_stops()
        wait_until(lambda: not keepers(), what="nothing waits to start another")
    count = len(seen())
    time.sleep(0.3)
    assert len(seen()) == count


def test_it_ends_with_the_worker(started):
    seen = started("import time; time.sleep(60)")
    with SchedulerSubprocess([]):
        (line,) = wait_until(seen)
        assert alive(int(line.split()[0]))
    assert not alive(int(line.split()[0]))


def test_job_work_refuses_a_wrong_schedule_at_once(project, capsys):
    root = project({})
    run(["init"])
    assert run(["job:work", "--schedule"]) == 2
    assert "no entries in config/schedule.py" in capsys.readouterr().err
    (root / "config" / "schedule.py").write_text("from lightjobs import nothing\n")
    assert run(["job:work", "--schedule"]) == 2
    assert "config/schedule.py line 1" in capsys.readouterr().err


@pytest.mark.parametrize("workers", [0, 1])
def test_every_worker_knows_how_to_run_a_scheduled_command(project, workers):
    program = [sys.executable, "-c", "open('out', 'w').write('ran')"]
    text = f"from lightjobs.schedule import schedule\nschedule.command({program!r}).daily()\n"
    root = project({})
    run(["init"])
    (root / "config" / "schedule.py").write_text(text)
    RunCommand().dispatch({"command": program})
    RunCommand().dispatch({"command": ["touch", "oops"]})
    arguments = ["job:work", f"--workers={workers}", "--stop-when-empty"]
    subprocess.run([sys.executable, "-m", "lightjobs", *arguments], check=True, timeout=60)
    assert (root / "out").read_text() == "ran"
    assert not (root / "oops").exists()
    (failed,) = current.engine().browse(Where(status="failed"))
    assert "not in the worker's config/schedule.py" in failed.exception
