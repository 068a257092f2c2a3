"""`schedule.command`: programs as jobs."""

import subprocess
import sys

import pytest

from lightjobs import PermanentJobFailure
from lightjobs.execution import registry
from lightjobs.schedule import command, loading
from lightjobs.schedule.command import RunCommand

FILE = "from lightjobs.schedule import schedule\n"


@pytest.fixture(autouse=True)
def forgotten():
    command._allowed.clear()
    registry.register(RunCommand, RunCommand.__base__, None)
    command.allow(loading._commands)


@pytest.fixture
def scheduled(project, engine):
    """A schedule with these commands."""

    def make(*commands):
        lines = [f"schedule.command({c!r}).daily().name('{n}')" for n, c in enumerate(commands)]
        project({"config/schedule.py": FILE + "\n".join(lines) + "\n"})

    return make


def test_a_scheduled_program_runs_with_its_arguments_and_no_shell(scheduled, tmp_path):
    text = "; touch oops $(touch oops) *"
    program = [sys.executable, "-c", "import sys; open('out', 'w').write(sys.argv[1])", text]
    scheduled(program)
    RunCommand().dispatchSync({"command": program})
    assert (tmp_path / "out").read_text() == text
    assert not (tmp_path / "oops").exists()


def test_an_exit_status_fails_the_run(scheduled):
    program = [sys.executable, "-c", "raise SystemExit(3)"]
    scheduled(program)
    with pytest.raises(RuntimeError, match="exit status 3"):
        RunCommand().dispatchSync({"command": program})


def test_a_missing_program_fails_the_run(scheduled):
    scheduled(["/no/such/program"])
    with pytest.raises(FileNotFoundError, match="/no/such/program"):
        RunCommand().dispatchSync({"command": ["/no/such/program"]})


@pytest.mark.parametrize(
    "payload", [{"command": ["touch", "oops"]}, {"command": "touch oops"}, {}, {"command": None}]
)
def test_a_command_that_is_not_in_the_schedule_is_not_run(scheduled, tmp_path, payload):
    scheduled(["touch", "fine"])
    with pytest.raises(PermanentJobFailure, match=r"not in the worker's config/schedule\.py"):
        RunCommand().dispatchSync(payload)
    assert not (tmp_path / "oops").exists()


def test_no_command_is_run_before_a_schedule_can_be_read(scheduled, tmp_path):
    scheduled(["touch", "oops"])
    command.allow(list)
    with pytest.raises(PermanentJobFailure, match=r"not in the worker's config/schedule\.py"):
        RunCommand().dispatchSync({"command": ["touch", "oops"]})
    assert not (tmp_path / "oops").exists()


def test_a_worker_that_looks_the_job_up_can_read_the_schedule(scheduled, tmp_path):
    scheduled(["touch", "done"])
    script = (
        "from lightjobs.execution import registry\n"
        "job = registry.lookup('lightjobs.RunCommand').job\n"
        "job().dispatchSync({'command': ['touch', 'done']})\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)
    assert (tmp_path / "done").exists()


def test_an_entry_added_while_the_worker_runs_is_found(scheduled, tmp_path):
    scheduled(["touch", "first"])
    RunCommand().dispatchSync({"command": ["touch", "first"]})
    scheduled(["touch", "first"], ["touch", "second"])
    RunCommand().dispatchSync({"command": ["touch", "second"]})
    assert (tmp_path / "second").exists()
