"""`job:work --schedule`, and commands in a real worker."""

import subprocess
import sys
import time

import pytest

from lightjobs import current
from lightjobs.cli import run
from lightjobs.engines.where import Where
from lightjobs.schedule import scheduler_subprocess as module
from lightjobs.schedule.command import RunCommand
from lightjobs.schedule.scheduler_subprocess import SchedulerSubprocess

pytestmark = pytest.mark.slow


def lines(path):
    return path.read_text().splitlines() if path.exists() else []


def eventually(condition):
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def scheduler_running(script):
    made = SchedulerSubprocess([])
    made._command = [sys.executable, "-c", script]
    return made


def test_a_scheduler_that_dies_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "RESTART_SECONDS", 0.05)
    log = tmp_path / "log"
    with scheduler_running(f"import sys; open({str(log)!r}, 'a').write('x\\n'); sys.exit(9)"):
        eventually(lambda: len(lines(log)) >= 3)
    seen = len(lines(log))
    time.sleep(0.3)
    assert len(lines(log)) <= seen + 1


def test_a_scheduler_that_was_stopped_is_not_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "RESTART_SECONDS", 0.05)
    log = tmp_path / "log"
    with scheduler_running(f"open({str(log)!r}, 'a').write('x\\n')"):
        eventually(lambda: lines(log))
        time.sleep(0.5)
    assert lines(log) == ["x"]


def test_it_ends_with_the_worker(tmp_path):
    with scheduler_running("import time; time.sleep(60)") as made:
        eventually(lambda: made._process is not None)
        process = made._process
    assert process.wait(5) != 0


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
