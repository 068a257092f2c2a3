"""PHP and Python on one `jobs` table: what either side stores, the other reads, runs, retries."""

from __future__ import annotations

import json
import time

import pytest

from lightjobs.engines.store import MAX_RECOVERIES, WORKER_LOST
from lightjobs.engines.where import Where
from lightjobs.model import (
    Done,
    Failed,
    HandBack,
    NewJob,
    Release,
    Retention,
    Settlement,
    Status,
    utc_text,
)

HANDLER = "App\\Jobs\\Work"
TEXT = "Überraschung: 💥 \\ 'quoted' \"twice\";\nsecond line"


def push(table, queue="default", **fields):
    """Dispatch a job from Python."""
    (job_id,) = table.engine.push([NewJob(HANDLER, queue, '{"n":1}', **fields)])
    return job_id


def dispatch(table, **arguments):
    """Dispatch a job from PHP."""
    return table.php("dispatch", **{"handler": HANDLER, "payload": {"n": 1}, **arguments})


def php_fails(table, text="Card declined"):
    claimed = table.php("claim", queue="default")
    return table.php("fail", id=claimed["id"], text=text)


def is_now(text, seconds=5):
    return utc_text(time.time() - seconds) <= text <= utc_text(time.time())


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


# Retrying what the other has failed


def test_php_retries_what_python_has_failed(table):
    job_id = dispatch(table)
    table.settle(Failed, "boom")
    assert table.php("retry", id=job_id) == 1
    stored = table.engine.find(job_id)
    assert (stored.status, stored.attempts) == (Status.NEW, 0)
    assert (stored.exception, stored.failed_at) == (None, None)
    assert is_now(stored.scheduled_at)
    claim = table.settle(Done)
    assert (claim.id, claim.attempts) == (job_id, 1)


def test_python_retries_what_php_has_failed(table):
    job_id = dispatch(table)
    php_fails(table)
    assert table.engine.move("retry", Where(job_id=job_id)) == 1
    shown = table.php("show", id=job_id)
    assert (shown["status"], shown["attempts"]) == (Status.NEW, 0)
    assert (shown["exception"], shown["failed_at"]) == (None, None)
    assert is_now(shown["scheduled_at"])
    claimed = table.php("claim", queue="default")
    assert (claimed["id"], claimed["attempts"]) == (job_id, 1)


def test_a_job_whose_workers_were_lost_begins_anew_when_php_retries_it(table):
    job_id = dispatch(table)
    for _ in range(MAX_RECOVERIES + 1):
        worker, _ = table.claim()
        assert table.engine.recover(worker) == 1
    assert table.engine.find(job_id).exception == WORKER_LOST
    assert table.php("retry", id=job_id) == 1
    worker, claim = table.claim()
    assert (claim.id, claim.recoveries) == (job_id, 0)
    table.engine.recover(worker)
    assert table.engine.find(job_id).status == Status.NEW


def test_either_side_retries_all_failed_jobs_of_a_queue(table):
    for retry in (
        lambda queue: table.php("retry", queue=queue),
        lambda queue: table.engine.move("retry", Where(queue=queue)),
    ):
        dispatch(table, queue="a")
        dispatch(table, queue="b")
        push(table, queue="a")
        for queue in ("a", "a", "b"):
            table.settle(Failed, "boom", queue=queue)
        assert retry("a") == 2
        stats = table.engine.stats()
        assert (stats["a"]["new"], stats["a"]["failed"]) == (2, 0)
        assert (stats["b"]["new"], stats["b"]["failed"]) == (0, 1)
        assert retry(None) == 1
        for queue in ("a", "a", "b"):
            table.settle(Done, queue=queue)


def test_either_side_retries_a_job_once(table):
    job_id = dispatch(table)
    table.settle(Failed, "boom")
    assert table.php("retry", id=job_id) == 1
    assert table.engine.move("retry", Where(job_id=job_id)) == 0
    assert table.php("retry", id=job_id) == 0


def test_either_side_deletes_what_the_other_has_failed(table):
    job_id = dispatch(table)
    php_fails(table)
    assert table.engine.purge(Where(status=Status.FAILED, job_id=job_id)) == 1
    assert table.php("show", id=job_id) is None
    job_id = dispatch(table)
    table.settle(Failed, "boom")
    table.php("done", id=job_id)
    assert table.engine.find(job_id) is None


# Between the two


def test_what_was_set_on_a_job_survives_a_php_worker(table):
    job_id = push(table, options='{"attempts": 3}', priority=1)
    table.php("claim", queue="default")
    table.php("release", id=job_id, queue="default", delay="-1 second")
    assert json.loads(table.claim()[1].options) == {"attempts": 3}
    assert table.engine.find(job_id).priority == 1


@pytest.mark.parametrize("outcome", [(Done,), (Failed, "x"), (Release, 0.0, 7), (HandBack,)])
def test_a_job_that_php_deletes_while_python_runs_it_does_not_come_back(table, outcome):
    job_id = dispatch(table)
    worker, claim = table.claim()
    table.php("done", id=job_id)
    table.engine.settle(worker, [outcome[0](claim.id, claim.fence, *outcome[1:])])
    assert table.engine.find(job_id) is None


@pytest.mark.parametrize("outcome", [(Done,), (Failed, "x"), (Release, 0.0, 7), (HandBack,)])
def test_a_dead_workers_late_outcome_cannot_end_phps_run(table, outcome):
    job_id = dispatch(table)
    worker, claim = table.claim()
    table.engine.recover(worker)
    table.php("claim", queue="default")
    before = table.row(job_id)
    late = outcome[0](claim.id, claim.fence, *outcome[1:])
    assert table.engine.settle(worker, [late]) == [Settlement.LOST]
    assert table.row(job_id) == before


@pytest.mark.parametrize("first", [(Release, 1.0, 1), (HandBack,)])
@pytest.mark.parametrize("again", [(Done,), (Failed, "x"), (Release, 1.0, 1), (HandBack,)])
def test_an_outcome_sent_again_cannot_end_phps_run(table, first, again):
    job_id = dispatch(table)
    worker, claim = table.claim()
    outcome, repeated = (made[0](claim.id, claim.fence, *made[1:]) for made in (first, again))
    assert table.engine.settle(worker, [outcome]) == [Settlement.ACCEPTED]
    table.php("claim", queue="default")
    before = table.row(job_id)
    table.engine.settle(worker, [repeated])
    assert table.row(job_id) == before


def test_what_php_ends_under_a_python_workers_hands_is_nobodys_once_that_one_lets_go(table):
    for let_go in (
        lambda worker, claim: table.engine.settle(worker, [Done(claim.id, claim.fence)]),
        lambda worker, _claim: table.engine.recover(worker),
    ):
        job_id = dispatch(table)
        php_claims = table.php("claim", queue="default")
        assert table.engine.lightpack.recover_php(time.time() + 1) == 1  # too early: PHP lives
        worker, claim = table.claim()
        table.php("fail", id=php_claims["id"], text="late")
        let_go(worker, claim)
        stored = table.engine.find(job_id)
        assert (stored.status, stored.worker) == (Status.FAILED, None)
        assert table.engine.purge(Where(status=Status.FAILED, job_id=job_id)) == 1


# Out of PHP's sight


@pytest.mark.parametrize(("do", "status"), [("pause", Status.PAUSED), ("cancel", Status.CANCELLED)])
def test_php_does_not_see_what_is_paused_or_cancelled_and_can_read_it(table, do, status):
    table.engine.retention = Retention(None, None, None)
    job_id = dispatch(table)
    before = table.php("show", id=job_id)
    assert getattr(table.engine, do)(job_id)
    shown = table.php("show", id=job_id)
    assert shown["status"] == status
    kept = ("id", "handler", "payload", "scheduled_at", "queue", "attempts", "created_at")
    assert [shown[name] for name in kept] == [before[name] for name in kept]
    assert table.php("claim") is None
    assert table.php("retry", id=job_id) == 0
    assert table.php("retry") == 0


def test_php_does_not_see_a_completed_job_and_runs_one_that_is_run_again(table):
    table.engine.retention = Retention(None, None, None)
    job_id = dispatch(table)
    table.settle(Done)
    assert table.php("show", id=job_id)["status"] == Status.COMPLETED
    assert table.php("claim") is None
    assert table.php("retry") == 0
    assert table.engine.move("rerun", Where(job_id=job_id)) == 1
    assert table.php("claim")["attempts"] == 1


def test_php_goes_on_with_a_paused_queue(table):
    job_id = dispatch(table)
    table.engine.pause_queue("default")
    table.engine.register("w", 30.0)
    assert table.engine.claim("w", ["default"], 1) == []
    assert table.php("claim", queue="default")["id"] == job_id


@pytest.mark.parametrize("do", ["done", "fail", "release"])
def test_a_job_cancelled_and_dropped_while_php_runs_it_does_not_come_back(table, do):
    job_id = dispatch(table)
    table.php("claim", queue="default")
    assert table.engine.cancel(job_id)
    table.php(do, id=job_id, text="boom", queue="default")
    assert table.jobs() == 0


# What a crashed PHP worker leaves


def age(table, job_id, hours):
    """As if the row had last been changed so many hours ago."""
    table.server.query(
        "UPDATE jobs SET touched_at = NOW() - INTERVAL %s HOUR WHERE id = %s", [hours, job_id]
    )


def test_what_php_claimed_long_ago_is_put_back_with_its_attempt_spent(table):
    job_id, running = dispatch(table), dispatch(table)
    for _ in range(2):
        table.php("claim", queue="default")
    age(table, job_id, 1)
    assert table.engine.lightpack.recover_php(time.time() - 600) == 1
    assert table.engine.find(running).status == Status.QUEUED
    claim = table.settle(Done)
    assert (claim.id, claim.attempts, claim.recoveries) == (job_id, 2, 0)


def test_a_job_that_waited_for_long_and_php_has_just_claimed_is_left_alone(table):
    job_id = push(table, due=time.time() - 7200)
    table.server.query("UPDATE jobs SET created_at = scheduled_at")
    age(table, job_id, 2)
    table.php("claim", queue="default")
    assert table.engine.lightpack.recover_php(time.time() - 600) == 0
    assert table.engine.find(job_id).status == Status.QUEUED


def test_only_what_php_holds_is_put_back(table):
    ids = [push(table) for _ in range(4)]
    table.claim()
    table.engine.pause(ids[1])
    table.settle(Failed, "boom")
    statuses = [table.engine.find(job_id).status for job_id in ids]
    for job_id in ids:
        age(table, job_id, 1)
    assert table.engine.lightpack.recover_php(time.time()) == 0
    assert [table.engine.find(job_id).status for job_id in ids] == statuses


def test_more_than_one_part_is_put_back(table, monkeypatch):
    monkeypatch.setattr("lightjobs.engines.sql.lightpack.PART", 2)
    for _ in range(5):
        dispatch(table)
        table.php("claim", queue="default")
    assert table.engine.lightpack.recover_php(time.time() + 1) == 5
    assert table.engine.stats()["default"]["new"] == 5
