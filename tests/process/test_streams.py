"""Standard input, output and error that are closed, broken, or shared with the job log."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys

import pytest

from tests.support.project import Project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

PRINTS = """
import subprocess

class Prints(Job):
    def handle(self):
        n = self.payload["n"]
        record("start", n)
        print("printed", n)
        print("complained", n, file=sys.stderr)
        if self.payload.get("runs"):
            subprocess.run(["echo", "said", str(n)], check=True)
        record("end", n)


class Begins(Job):
    def handle(self):
        print("begun", end="")
"""


def shell(project: Project, script: str, seconds: float = 30.0) -> subprocess.CompletedProcess[str]:
    """Run a shell script in the project; `$job_work` is the command."""
    command = f"{shlex.quote(sys.executable)} -m lightjobs"
    return subprocess.run(
        ["bash", "-c", script],
        cwd=project.root,
        env=project.environment(lightjobs=command),
        capture_output=True,
        text=True,
        timeout=seconds,
    )


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_missing_streams_are_dev_null(project: Project, closed: str, workers: int) -> None:
    project.jobs(PRINTS)
    project.push("Prints", *({"n": n, "runs": True} for n in range(3)))
    before = project.path.read_bytes()[:16]
    done = shell(project, f"$lightjobs job:work --workers={workers} --stop-when-empty {closed}")
    assert done.returncode == 0, done.stderr
    assert project.runs("end") == {"0": 1, "1": 1, "2": 1}
    assert project.empty()
    assert project.path.read_bytes()[:16] == before, "the lines went into no other file"
    if ">&-" not in closed.replace("2>&-", ""):
        assert "printed 2" in done.stdout


@pytest.mark.parametrize("command", ["job:stats", "job:failed", "job:work --help", "no:command"])
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_other_commands_run_without_streams(project: Project, command: str, closed: str) -> None:
    done = shell(project, f"$lightjobs {command} {closed}")
    assert done.returncode == (2 if command == "no:command" else 0)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("workers", [0, 1])
def test_a_reader_that_has_gone_fails_no_job(project: Project, workers: int) -> None:
    project.jobs(PRINTS)
    project.push("Prints", *({"n": n, "runs": n == 199} for n in range(200)))
    script = f"$lightjobs job:work --workers={workers} --stop-when-empty 2>&1 | head -n 3"
    done = shell(project, f"set -o pipefail; {script}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 3
    assert len(project.runs("end")) == 200
    assert project.empty()


def test_a_list_whose_reader_has_gone_ends_well(project: Project) -> None:
    done = shell(project, "set -o pipefail; $lightjobs job:failed --json | true")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize("workers", [0, 1])
def test_what_jobs_print_stands_between_their_lines(project: Project, workers: int) -> None:
    project.jobs(PRINTS)
    ids = project.push("Prints", *({"n": n} for n in range(50)))
    worker = project.drain(f"--workers={workers}")
    lines = worker.out.splitlines()
    for n, id in enumerate(ids):
        begun, ended = (
            i
            for i, line in enumerate(lines)
            if f"#ID: {id}" in line.split(" (")[0] and (line.split(" (")[0].endswith(f"#ID: {id}"))
        )
        assert lines.index(f"printed {n}") == begun + 1 == ended - 1


def test_an_unfinished_line_does_not_run_into_the_job_log(project: Project) -> None:
    project.jobs(PRINTS)
    project.push("Begins", {}, {})
    lines = project.drain().out.splitlines()
    assert lines.count("begun") == 2
    assert sum("[PROCESSED]" in line for line in lines) == 2


def test_what_a_job_prints_appears_while_it_runs(project: Project) -> None:
    project.jobs(
        "class Waits(Job):\n"
        "    def handle(self):\n"
        "        print('waiting')\n"
        "        time.sleep(60)\n"
    )
    project.push("Waits", {})
    worker = project.work("--grace=0")
    wait_until(lambda: "waiting\n" in worker.out)
    assert worker.out.index("[PROCESSING]") < worker.out.index("waiting")
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0


def test_processes_that_a_handler_forks_do_not_repeat_lines(project: Project) -> None:
    project.jobs(
        "class Forks(Job):\n"
        "    def handle(self):\n"
        "        pid = os.fork()\n"
        "        if not pid:\n"
        "            print('from the copy', flush=True)\n"
        "            os._exit(0)\n"
        "        os.waitpid(pid, 0)\n"
    )
    project.push("Forks", {}, {})
    out = project.drain().out
    assert out.count("[PROCESSING]") == out.count("[PROCESSED]") == 2
    assert out.count("from the copy") == 2
