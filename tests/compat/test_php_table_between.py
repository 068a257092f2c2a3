"""PHP and Python on one `jobs` table: neither side undoes what the other has done, PHP sees no job
that is not for it, and what a PHP worker that crashed has left is run again."""

from __future__ import annotations

import json
import time

import pytest

from lightjobs.engines.where import Where
from lightjobs.model import Done, Failed, HandBack, Release, Retention, Settlement, Status

from .shared_steps import dispatch
from .shared_table import push

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
