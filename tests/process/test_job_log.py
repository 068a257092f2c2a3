"""What a worker prints: a line when a job starts and one when it ends."""

from __future__ import annotations

import json
import re
import subprocess
import time

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
TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
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
        line = rf"^{TIME} \[{label}\]\.+ App\\Jobs\\{name} #ID: {job_id}{more}$"
        assert len(re.findall(line, out, re.MULTILINE)) == 1, out


def test_every_line_of_many_jobs_and_children_is_whole(project: Project) -> None:
    ids = project.push_work(2000)
    out = project.drain("--workers=2").out
    line = rf"^{TIME} \[(\w+)\]\.+ App\\Jobs\\Work #ID: (\d+)(?: \(.*\))?$"
    found = re.findall(line, out, re.MULTILINE)
    assert sorted(found) == sorted(
        (label, id) for id in ids for label in ("PROCESSED", "PROCESSING")
    )


def test_json_lines_carry_event_handler_id_queue_and_attempt(project: Project) -> None:
    project.jobs("class Bad(Job):\n    def handle(self):\n        raise ValueError('no luck')\n")
    good, bad = project.push_work(1)[0], project.push("Bad", {})[0]
    out = project.drain("--log-format=json").out
    lines = [json.loads(line) for line in out.splitlines()]
    lines = [line for line in lines if line["event"] != "ready"]
    assert [(line["event"], line.get("id")) for line in lines] == [
        ("start", None),
        ("processing", good),
        ("processed", good),
        ("processing", bad),
        ("failed", bad),
        ("stopped", None),
    ]
    of_jobs = lines[1:5]
    assert {line["handler"] for line in of_jobs} == {"App\\Jobs\\Work", "App\\Jobs\\Bad"}
    assert {(line["queue"], line["attempt"]) for line in of_jobs} == {("default", 1)}
    assert len({(line["worker"], line["pid"]) for line in of_jobs}) == 1
    assert of_jobs[3]["reason"] == "ValueError: no luck"
    assert of_jobs[3]["traceback"].startswith("ValueError: no luck\n\nTraceback")


TELLS = """
import logging

class Says(Job):
    attempts = 2
    def handle(self):
        self.context.logger.info("from the context")
        logging.getLogger("app.part").warning("from the program")
        raise ValueError("no luck")

class Dies(Job):
    def handle(self):
        os.kill(os.getpid(), signal.SIGSEGV)
"""


@pytest.mark.parametrize("workers", [0, 2])
def test_json_has_all_that_happens_to_a_worker_in_one_stream(
    project: Project, workers: int
) -> None:
    project.jobs(TELLS)
    project.push("Says", {})
    worker = project.work("--log-format=json", f"--workers={workers}", "--concurrency=2")
    wait_until(lambda: project.statuses() == {"failed": 1})
    wait_until(lambda: '"ready"' in worker.out)
    assert worker.stop() == 0
    assert worker.err == ""
    lines = [json.loads(line) for line in worker.out.splitlines()]
    ready = [line for line in lines if line["event"] == "ready"]
    assert len(ready) == 1
    lines.remove(ready[0])  # the first job may start before the last child is ready
    assert [line["event"] for line in lines] == [
        "start",
        *("processing", "log", "log", "retried"),
        *("processing", "log", "log", "failed"),
        *("stopping", "stopped"),
    ]
    for line in [*ready, *lines]:
        assert list(line)[:3] == ["time", "level", "event"]
        assert line["pid"] == worker.pid or line["worker"]
    start, stopping, stopped = lines[0], *lines[-2:]
    assert (start["engine"], start["queues"]) == ("database (sqlite)", ["default"])
    assert (start["workers"], start["concurrency"]) == (workers, 2)
    assert (stopping["reason"], stopped["status"]) == ("SIGTERM", 0)
    begun, said, told = lines[1:4]
    assert said["id"] == begun["id"]
    assert (told["logger"], told["message"]) == ("app.part", "from the program")


def test_json_names_the_job_that_kills_its_process_and_the_signal(project: Project) -> None:
    project.jobs(TELLS)
    (deadly,) = project.push("Dies", {})
    worker = project.drain("--log-format=json")
    assert worker.err == ""
    lines = [json.loads(line) for line in worker.out.splitlines()]
    crashed = [line for line in lines if line["event"] == "crashed"]
    assert [(line["id"], line["handler"], line["end"]) for line in crashed] == [
        (deadly, "App\\Jobs\\Dies", "signal 11 (SIGSEGV)")
    ] * 4
    assert [line["level"] for line in lines if line["event"] == "died"] == ["error"] * 4


def test_a_job_that_is_cut_off_is_named(project: Project) -> None:
    (slow,) = project.push("Work", {"n": 1, "sleep": 60})
    worker = project.work("--log-format=json", "--grace=0.1")
    wait_until(lambda: project.started(1))
    assert worker.stop() == 0
    lines = [json.loads(line) for line in worker.out.splitlines()]
    assert [(line["event"], line.get("id")) for line in lines[-2:]] == [
        ("handed back", slow),
        ("stopped", None),
    ]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_worker_stops_although_nobody_reads_its_log(project: Project, workers: int) -> None:
    project.push_work(3000)
    worker = subprocess.Popen(
        [*COMMAND, "job:work", "--log-format=json", "--grace=1", f"--workers={workers}"],
        cwd=project.root,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: len(project.book("end")) > 100)
        time.sleep(1)  # the pipe is full by now, and the child waits for its reader
        worker.terminate()
        assert worker.wait(20) == 0
    finally:
        worker.kill()
        worker.communicate()


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
