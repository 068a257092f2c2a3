"""What a worker prints: a line when a job starts and one when it ends."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from tests.support.project import Project
from tests.support.waiting import wait_until
from tests.support.worker import COMMAND

pytestmark = pytest.mark.slow

EVIL = """
class Evil(Job):
    handler = "Evil"
    def handle(self):
        raise ValueError("\\x1b[31mred\\x07\\x9b2J\\u202e\\r\\nforged line")

class Logs(Job):
    def handle(self):
        self.context.logger.warning("\\x1b[31m%s", "red")
"""
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]")


@pytest.mark.parametrize("options", [(), ("--concurrency=3", "--workers=0")])
def test_each_job_has_a_line_at_its_start_and_one_at_its_end(
    project: Project, options: tuple[str, ...]
) -> None:
    project.jobs("class Bad(Job):\n    def handle(self):\n        raise ValueError('no luck')\n")
    good, bad = project.push_work(1)[0], project.push("Bad", {})[0]
    out = project.drain(*options).out
    for label, name, job_id, more in [
        ("PROCESSING", "Work", good, ""),
        ("PROCESSED", "Work", good, r" \(\d+\.\d ms\)"),
        ("PROCESSING", "Bad", bad, ""),
        ("FAILED", "Bad", bad, r" ValueError: no luck"),
    ]:
        line = rf"^ \[{label}\]\.+ App\\Jobs\\{name} #ID: {job_id}{more}$"
        assert len(re.findall(line, out, re.MULTILINE)) == 1, out


def test_every_line_of_many_jobs_and_children_is_whole(project: Project) -> None:
    ids = project.push_work(2000)
    out = project.drain("--workers=2").out
    found = re.findall(r"^ \[(\w+)\]\.+ App\\Jobs\\Work #ID: (\d+)(?: \(.*\))?$", out, re.MULTILINE)
    assert sorted(found) == sorted(
        (label, id) for id in ids for label in ("PROCESSED", "PROCESSING")
    )


def test_json_lines_carry_event_handler_id_queue_and_attempt(project: Project) -> None:
    project.jobs("class Bad(Job):\n    def handle(self):\n        raise ValueError('no luck')\n")
    good, bad = project.push_work(1)[0], project.push("Bad", {})[0]
    out = project.drain("--log-format=json").out
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(line["event"], line["id"]) for line in lines] == [
        ("processing", good),
        ("processed", good),
        ("processing", bad),
        ("failed", bad),
    ]
    assert {line["handler"] for line in lines} == {"App\\Jobs\\Work", "App\\Jobs\\Bad"}
    assert {(line["queue"], line["attempt"]) for line in lines} == {("default", 1)}
    assert lines[3]["reason"] == "ValueError: no luck"


@pytest.mark.parametrize("options", [(), ("--workers=0",)], ids=["child", "in this process"])
def test_quiet_prints_nothing_but_a_warning_for_a_job_that_failed_for_good(
    project: Project, options: tuple[str, ...]
) -> None:
    project.jobs("class Bad(Job):\n    def handle(self):\n        raise ValueError('no luck')\n")
    project.push_work(5)
    (again,) = project.push("Bad", {}, options='{"attempts":2}')
    (bad,) = project.push("Bad", {})
    worker = project.drain("--quiet", *options)
    assert worker.out == ""
    assert project.statuses() == {"failed": 2}
    for id, attempt in ((bad, 1), (again, 2)):
        line = f"job {id} (App\\Jobs\\Bad, attempt {attempt}) failed for good: ValueError: no luck"
        assert worker.err.count(line) == 1
    assert worker.err.count("WARNING") == worker.err.count("Traceback") == 2


@pytest.mark.parametrize("options", [(), ("--log-format=json", "--workers=0")])
def test_no_escape_sequence_of_a_job_reaches_the_output_raw(
    project: Project, options: tuple[str, ...]
) -> None:
    project.jobs(EVIL)
    project.insert("Evil", "{}")
    project.insert("\x1b]0;title\x07\u202eUnknown", "{}")
    project.insert("App\\Jobs\\Work", "\x1b[31mnot json")
    project.push("Logs", {})
    worker = project.drain(*options)
    assert not CONTROL.search(worker.out + worker.err)
    assert not re.search(r"^forged line", worker.out, re.MULTILINE)
    assert project.statuses() == {"failed": 2, "new": 1}  # the unknown handler waits


def test_the_commands_that_show_failed_jobs_print_no_escape_sequence(project: Project) -> None:
    project.jobs(EVIL)
    ids = [project.insert("Evil", "{}"), project.insert("\x1b]0;title\x07Unknown", '{"a":"\x1b"}')]
    project.drain("--quiet")
    shown = [project.cli("job:failed"), *(project.cli("job:show", job_id) for job_id in ids)]
    shown += [project.cli("job:failed", "--json")]
    for command in shown:
        assert command.returncode == 0, command.stderr
        assert not CONTROL.search(command.stdout)


def test_lines_appear_while_a_long_job_runs(project: Project) -> None:
    project.push_work(3)
    project.push("Work", {"n": "long", "sleep": 30})
    worker = project.work("--grace=0")
    wait_until(lambda: worker.out.count("[PROCESSING]") == 4)
    assert worker.out.count("[PROCESSED]") == 3


def piped_into(project: Project, reader: str) -> None:
    """Run `job:work | <reader>` and wait until it has processed all jobs."""
    worker = subprocess.Popen(
        [*COMMAND, "job:work", "--stop-when-empty"],
        cwd=project.root,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        subprocess.run(reader, shell=True, stdin=worker.stdout, capture_output=True, check=False)
        assert worker.stdout is not None
        worker.stdout.close()
        _out, err = worker.communicate(timeout=20)
        assert worker.returncode == 0
        assert b"Traceback" not in err
        wait_until(project.empty, what="all jobs done")
    finally:
        worker.kill()


def test_a_reader_that_goes_away_does_not_break_the_worker(project: Project) -> None:
    project.push_work(300, sleep=0.001)
    piped_into(project, "head -1")
    assert project.runs("end") == {str(n): 1 for n in range(300)}


def test_a_reader_that_never_reads_does_not_break_the_worker(project: Project) -> None:
    project.push_work(300, sleep=0.001)
    piped_into(project, "exec true")
    assert project.runs("end") == {str(n): 1 for n in range(300)}
