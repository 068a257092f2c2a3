"""Odd rows, written by PHP or by hand: each runs or fails with a reason; none stops a worker."""

from __future__ import annotations

import time

import pytest

from tests.support.processes import cpu_seconds
from tests.support.project import Project
from tests.support.waiting import wait_until
from tests.support.worker import Worker

pytestmark = pytest.mark.slow

UNKNOWN = ["App\\Jobs\\Missing", "", "os.system", "x" * 300, "é\U0001f600" * 100, "a\nb\x00c"]
NO_OBJECTS = [
    "",
    "null",
    "[1]",
    '"text"',
    "{",
    "a:1:{i:0;i:1;}",
    "[" * 100_000,
    '{"n":' * 50_000,
    '{"n": ' + "9" * 5000 + "}",
    b"\xff\xfe",
    17,
    "\x00",
]
ODD_FIELDS = [
    {"attempts": 7},
    {"attempts": "3"},
    {"attempts": -1},
    {"attempts": 2**31 - 1},
    {"attempts": 1.5},
    {"fence": -4},
    {"fence": 1.5},
    {"fence": 2**63 - 1},
    {"recoveries": "many"},
    {"created_at": "0000-00-00 00:00:00"},
    {"created_at": "yesterday"},
    {"exception": "from before", "failed_at": "2020-01-01 00:00:00"},
    {"scheduled_at": "0000-00-00 00:00:00"},
    {"scheduled_at": "1970-01-01 00:00:01"},
    {"options": ""},
    {"options": "[]"},
    {"options": '{"attempts": "many", "retryAfter": 7, "payload": 1, "handle": 2}'},
]


def work_between_good_ones(project: Project, rows: list[tuple]) -> tuple[Worker, list[str]]:
    """Insert `rows` (handler, payload, fields), with a good job before and after each, and work
    until nothing waits or runs. Returns the worker, which still runs, and the rows' ids."""
    ids = []
    for n, (handler, payload, fields) in enumerate(rows):
        project.push_work(1, start=n)
        ids.append(project.insert(handler, payload, **fields))
    project.push_work(1, start=len(rows))
    worker = project.work(JOB_UNKNOWN_AFTER="0")
    good = {str(n) for n in range(len(rows) + 1)}
    wait_until(lambda: good <= set(project.runs("end")), what="the good ones have run")
    wait_until(lambda: set(project.statuses()) <= {"failed"}, what="the odd ones have ended")
    return worker, ids


def reasons(project: Project, rows: list[tuple]) -> list[str]:
    """The reason why each of `rows` has failed. Asserts that all have, and spent nothing else."""
    worker, ids = work_between_good_ones(project, rows)
    failed = [project.row(job_id) for job_id in ids]
    assert {(row["attempts"], row["recoveries"]) for row in failed} == {(1, 0)}
    assert all(row["failed_at"] for row in failed)
    assert "a child ended" not in worker.err
    assert worker.stop() == 0
    return [str(row["exception"]) for row in failed]


def test_a_row_as_php_inserts_it_is_run(project: Project) -> None:
    project.insert("App\\Jobs\\Work", '{"n":1,"text":"\\u00fc\\/"}')
    project.drain()
    assert project.empty()
    assert project.runs("end") == {"1": 1}


def test_phps_empty_payload_is_an_empty_object(project: Project) -> None:
    project.jobs("class Shows(Job):\n    def handle(self):\n        record(self.payload, 1)\n")
    project.insert("App\\Jobs\\Shows", "[]")
    project.drain()
    assert project.runs("{}") == {"1": 1}


def test_unknown_handlers_fail_with_a_reason(project: Project) -> None:
    for reason in reasons(project, [(handler, "{}", {}) for handler in UNKNOWN]):
        assert "no Job class is registered for the handler" in reason


@pytest.mark.parametrize("options", [(), ("--log-format=json",)])
def test_a_handler_longer_than_any_line_does_not_hang_the_worker(
    project: Project, options: tuple[str, ...]
) -> None:
    project.push_work(20)
    project.insert("x" * 5000, "{}")
    project.push_work(20, start=20)
    worker = project.work(*options, JOB_UNKNOWN_AFTER="0")
    wait_until(lambda: len(project.runs("end")) == 40)
    wait_until(lambda: project.statuses() == {"failed": 1})
    assert worker.stop() == 0
    assert len(worker.out) < 50_000


def test_a_handler_that_is_a_blob_fails_without_killing_a_child(project: Project) -> None:
    for reason in reasons(project, [(b"\xff\x00", "{}", {}), (b"Unknown", "{}", {})]):
        assert "handler" in reason


def test_payloads_that_are_not_objects_fail_with_a_reason(project: Project) -> None:
    rows = [("App\\Jobs\\Work", payload, {}) for payload in NO_OBJECTS]
    for payload, reason in zip(NO_OBJECTS, reasons(project, rows), strict=True):
        assert reason.startswith("stored payload is"), (repr(payload)[:20], reason[:200])


@pytest.mark.parametrize("column", ["payload", "handler", "options"])
def test_text_that_is_not_utf8_fails_its_row_and_blocks_no_queue(
    project: Project, column: str
) -> None:
    project.push_work(1, start=1)
    odd = project.insert("App\\Jobs\\Work", '{"n":"odd"}')
    with project.connection() as connection:
        connection.execute(
            f"UPDATE jobs SET {column} = CAST(x'7bff7d' AS TEXT) WHERE id = ?",  # noqa: S608
            (odd,),
        )
    project.push_work(1, start=2)
    project.work()
    wait_until(lambda: {"1", "2"} <= set(project.runs("end")), what="the others have run")
    wait_until(lambda: all(row["status"] == "failed" for row in project.rows()))
    assert all(row["exception"] for row in project.rows())


def test_oversized_payloads_run_or_fail_with_a_reason(project: Project) -> None:
    sizes = (1_100_000, 8_000_000, 40_000_000)
    payloads = ['{"n":"big","text":"' + "x" * size + '"}' for size in sizes]
    worker, ids = work_between_good_ones(project, [("App\\Jobs\\Work", p, {}) for p in payloads])
    failed = project.rows()
    assert len(failed) + project.runs("end").get("big", 0) == len(ids)
    assert all(row["exception"] for row in failed)
    assert "a child ended" not in worker.err


def test_rows_with_odd_fields_run_or_fail_with_a_reason(project: Project) -> None:
    rows = [("App\\Jobs\\Work", '{"n":"odd"}', fields) for fields in ODD_FIELDS]
    worker, ids = work_between_good_ones(project, rows)
    failed = project.rows()
    assert len(failed) + project.runs("end").get("odd", 0) == len(ids)
    assert all(row["exception"] for row in failed)
    assert "a child ended" not in worker.err


def test_rows_of_another_status_are_left_alone(project: Project) -> None:
    statuses = ["", "NEW", "paused", "weird", "failed"]
    for status in statuses:
        project.insert("App\\Jobs\\Work", '{"n":"odd"}', status=status)
    project.push_work(2)
    project.drain()
    assert [row["status"] for row in project.rows()] == statuses
    assert not project.started("odd")


def test_a_row_that_php_has_claimed_is_left_alone(project: Project) -> None:
    """PHP marks a claim by the status alone; no lease of ours says when it is lost."""
    odd = project.insert("App\\Jobs\\Work", '{"n":"odd"}', status="queued", attempts=1)
    project.push_work(20, sleep=0.1)
    project.drain(JOB_LEASE="1")
    row = project.row(odd)
    assert (row["status"], row["attempts"], row["recoveries"]) == ("queued", 1, 0)


def test_a_row_deleted_while_its_job_runs_costs_nothing(project: Project) -> None:
    project.push("Work", {"n": 1, "sleep": 0.5})
    worker = project.work()
    wait_until(lambda: project.started(1))
    with project.connection() as connection:
        connection.execute("DELETE FROM jobs")
    wait_until(lambda: project.runs("end"))
    project.push_work(1, start=2)
    wait_until(lambda: project.started(2))
    assert worker.stop() == 0


def test_a_row_changed_by_hand_while_its_job_runs_is_not_overwritten(project: Project) -> None:
    (job_id,) = project.push("Work", {"n": 1, "sleep": 0.5})
    worker = project.work(RETAIN_CANCELLED="keep")
    wait_until(lambda: project.started(1))
    with project.connection() as connection:
        connection.execute("UPDATE jobs SET status = 'cancelled', worker = NULL")
    wait_until(lambda: "[CANCELLED]" in worker.out)
    assert project.row(job_id)["status"] == "cancelled"


def test_unknown_handlers_that_wait_cost_nothing_however_odd(project: Project) -> None:
    for handler in UNKNOWN:
        project.insert(handler, "{}")
    worker = project.work().ready()
    project.push_work(20)
    wait_until(lambda: len(project.runs("end")) == 20)
    time.sleep(1)
    (child,) = worker.children()
    before = cpu_seconds(child)
    time.sleep(2)
    assert cpu_seconds(child) - before < 0.5
    assert worker.stop() == 0
    assert set(project.statuses()) <= {"new", "failed"}
