"""PHP and Python on one `jobs` table: what either side stores or ends, the other reads and runs."""

from __future__ import annotations

import json
import time

from lightjobs.engines.where import Where
from lightjobs.model import Done, Failed, HandBack, Release, Status, utc_text

from .shared_steps import HANDLER, dispatch, is_now
from .shared_table import php_fails, push

TEXT = "Überraschung: 💥 \\ 'quoted' \"twice\";\nsecond line"


# PHP dispatches


def test_python_claims_what_php_dispatched(table):
    job_id = dispatch(table, queue="payments")
    _, claim = table.claim("payments")
    assert (claim.id, claim.handler, claim.queue) == (job_id, HANDLER, "payments")
    assert (claim.attempts, claim.recoveries, claim.options) == (1, 0, None)
    assert json.loads(claim.payload) == {"n": 1}
    assert is_now(claim.created_at)


def test_python_reads_when_phps_job_is_due_and_leaves_it_until_then(table):
    due = time.time() + 3600
    stored = table.engine.find(dispatch(table, delay="+1 hour"))
    assert utc_text(due - 5) <= stored.scheduled_at <= utc_text(due + 5)
    assert is_now(stored.created_at)
    assert table.engine.stats()["default"]["delayed"] == 1
    table.engine.register("early", 30.0)
    assert table.engine.claim("early", ["default"], 10) == []


def test_python_claims_phps_jobs_in_the_order_of_their_dispatch(table):
    ids = [dispatch(table) for _ in range(20)]
    table.engine.register("w", 30.0)
    assert [claim.id for claim in table.engine.claim("w", ["default"], 50)] == ids


def test_what_python_has_done_is_gone_for_php(table):
    job_id = dispatch(table)
    table.settle(Done)
    assert table.php("show", id=job_id) is None
    assert table.php("claim", queue="default") is None


# Python dispatches


def test_php_claims_what_python_dispatched(table):
    job_id = push(table)
    claimed = table.php("claim", queue="default")
    assert (claimed["id"], claimed["handler"], claimed["payload"]) == (job_id, HANDLER, {"n": 1})
    assert (claimed["attempts"], claimed["queue"]) == (1, "default")
    assert is_now(claimed["created_at"])
    table.php("done", id=job_id)
    assert table.engine.find(job_id) is None
    assert table.engine.stats() == {}


def test_php_waits_until_pythons_job_is_due(table):
    due = time.time() + 3600
    job_id = push(table, due=due)
    assert table.php("claim", queue="default") is None
    assert table.php("show", id=job_id)["scheduled_at"] == utc_text(due)


def test_php_claims_by_id_whatever_the_priority_and_the_queue(table):
    ids = [push(table, queue, priority=p) for queue, p in [("a", -2), ("b", 2), ("a", 0)]]
    assert [table.php("claim")["id"] for _ in ids] == ids


# A run of PHP's, seen from Python


def test_python_sees_that_php_runs_a_job_and_leaves_it(table):
    job_id = push(table)
    table.php("claim", queue="default")
    stored = table.engine.find(job_id)
    assert (stored.status, stored.attempts, stored.worker) == (Status.QUEUED, 1, None)
    table.engine.register("w", 30.0)
    assert table.engine.claim("w", ["default"], 1) == []
    assert table.engine.held("w") == []
    assert table.engine.recover("w") == 0


def test_python_reads_what_php_has_released(table):
    job_id = push(table)
    table.php("claim", queue="default")
    table.php("release", id=job_id, queue="default", delay="+30 seconds")
    stored = table.engine.find(job_id)
    assert (stored.status, stored.attempts) == (Status.NEW, 1)
    assert (stored.exception, stored.failed_at) == (None, None)
    assert utc_text(time.time() + 25) <= stored.scheduled_at <= utc_text(time.time() + 30)
    assert table.engine.stats()["default"]["delayed"] == 1


def test_python_goes_on_where_php_released(table):
    job_id = push(table)
    table.php("claim", queue="default")
    table.php("release", id=job_id, queue="default", delay="-1 second")
    claim = table.settle(Done)
    assert (claim.id, claim.attempts) == (job_id, 2)


def test_python_reads_what_php_has_failed(table):
    job_id = push(table)
    text = php_fails(table, TEXT)
    stored = table.engine.find(job_id)
    assert (stored.status, stored.attempts, stored.exception) == (Status.FAILED, 1, text)
    assert TEXT in text
    assert is_now(stored.failed_at)
    assert [stored.id for stored in table.engine.browse(Where(status=Status.FAILED))] == [job_id]
    assert table.engine.stats()["default"]["failed"] == 1


# A run of Python's, seen from PHP


def test_php_sees_that_python_runs_a_job_and_leaves_it(table):
    job_id = dispatch(table)
    table.claim()
    shown = table.php("show", id=job_id)
    assert (shown["status"], shown["attempts"]) == (Status.QUEUED, 1)
    assert table.php("claim") is None
    assert table.php("retry") == 0


def test_php_goes_on_where_python_released(table):
    job_id = dispatch(table)
    table.settle(Release, time.time() - 1, 1)
    shown = table.php("show", id=job_id)
    assert (shown["status"], shown["attempts"]) == (Status.NEW, 1)
    assert (shown["exception"], shown["failed_at"]) == (None, None)
    claimed = table.php("claim", queue="default")
    assert (claimed["id"], claimed["attempts"]) == (job_id, 2)


def test_php_waits_until_what_python_released_is_due(table):
    job_id = dispatch(table)
    due = time.time() + 30
    table.settle(Release, due, 1)
    assert table.php("show", id=job_id)["scheduled_at"] == utc_text(due)
    assert table.php("claim", queue="default") is None


def test_php_reads_what_python_has_failed(table):
    job_id = dispatch(table)
    table.settle(Failed, TEXT)
    shown = table.php("show", id=job_id)
    assert (shown["status"], shown["exception"], shown["attempts"]) == (Status.FAILED, TEXT, 1)
    assert is_now(shown["failed_at"])


def test_a_job_handed_back_is_for_php_as_if_never_claimed(table):
    job_id = dispatch(table)
    table.settle(HandBack)
    assert table.php("show", id=job_id)["attempts"] == 0
    assert table.php("claim", queue="default")["attempts"] == 1


def test_php_takes_over_what_a_dead_python_worker_held(table):
    job_id = dispatch(table)
    worker, _ = table.claim()
    assert table.engine.recover(worker) == 1
    claimed = table.php("claim", queue="default")
    assert (claimed["id"], claimed["attempts"]) == (job_id, 1)
