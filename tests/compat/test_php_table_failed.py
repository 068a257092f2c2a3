"""PHP and Python on one `jobs` table: what either side has failed, the other retries or deletes."""

from __future__ import annotations

from lightjobs.engines.store import MAX_RECOVERIES, WORKER_LOST
from lightjobs.engines.where import Where
from lightjobs.model import Done, Failed, Status

from .shared_steps import dispatch, is_now
from .shared_table import php_fails, push


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
