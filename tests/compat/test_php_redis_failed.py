"""PHP and Python on one queue: what either side has failed, the other retries or deletes."""

from __future__ import annotations

from lightjobs.engines.store import MAX_RECOVERIES, WORKER_LOST
from lightjobs.engines.where import Where
from lightjobs.model import Done, Failed, Status

from .shared_redis import php_claims, php_fails, push
from .shared_steps import dispatch


def test_php_retries_what_python_has_failed(shared):
    job_id = dispatch(shared)
    shared.settle(Failed, "boom")
    assert shared.php("retry", id=job_id) == 1
    assert shared.engine().find(job_id).status == Status.NEW
    assert shared.engine().browse(Where(status=Status.FAILED)) == []
    claim = shared.settle(Done)
    assert (claim.id, claim.attempts) == (job_id, 1)


def test_python_retries_what_php_has_failed(shared):
    job_id = dispatch(shared)
    php_fails(shared)
    assert shared.engine().move("retry", Where(job_id=job_id)) == 1
    shown = shared.php("show", id=job_id)
    assert (shown["job"]["status"], shown["job"]["attempts"]) == (Status.NEW, 0)
    assert (shown["job"]["exception"], shown["job"]["failed_at"]) == (None, None)
    assert shown["failed"] is None
    claimed = php_claims(shared, queue="default")
    assert (claimed["id"], claimed["attempts"]) == (job_id, 1)


def test_a_job_whose_workers_were_lost_begins_anew_when_php_retries_it(shared):
    job_id = dispatch(shared)
    for _ in range(MAX_RECOVERIES + 1):
        worker, _ = shared.claim()
        assert shared.engine().recover(worker) == 1
    assert shared.engine().find(job_id).exception == WORKER_LOST
    assert shared.php("retry", id=job_id) == 1
    worker, claim = shared.claim()
    assert (claim.id, claim.recoveries) == (job_id, 0)
    shared.engine().recover(worker)
    assert shared.engine().find(job_id).status == Status.NEW


def test_either_side_retries_all_failed_jobs_of_a_queue(shared):
    for retry in (
        lambda queue: shared.php("retry", queue=queue),
        lambda queue: shared.engine().move("retry", Where(queue=queue)),
    ):
        dispatch(shared, queue="a")
        dispatch(shared, queue="b")
        push(shared, queue="a")
        for queue in ("a", "a", "b"):
            shared.settle(Failed, "boom", queue=queue)
        assert retry("a") == 2
        stats = shared.engine().stats()
        assert (stats["a"]["new"], stats["a"]["failed"]) == (2, 0)
        assert (stats["b"]["new"], stats["b"]["failed"]) == (0, 1)
        assert retry(None) == 1
        for queue in ("a", "a", "b"):
            shared.settle(Done, queue=queue)


def test_either_side_retries_a_job_once(shared):
    job_id = dispatch(shared)
    shared.settle(Failed, "boom")
    assert shared.php("retry", id=job_id) == 1
    assert shared.engine().move("retry", Where(job_id=job_id)) == 0
    assert shared.php("retry", id=job_id) == 0


def test_python_deletes_what_php_has_failed(shared):
    job_id = dispatch(shared)
    php_fails(shared)
    assert shared.engine().purge(Where(status=Status.FAILED, job_id=job_id)) == 1
    assert shared.php("show", id=job_id) == {
        "type": 0,
        "job": None,
        "canonical": None,
        "queued": None,
        "failed": None,
    }


def test_php_deletes_what_python_has_failed(shared):
    job_id = dispatch(shared)
    shared.settle(Failed, "boom")
    shared.php("done", id=job_id)
    assert shared.engine().find(job_id) is None
    assert shared.engine().browse(Where(status=Status.FAILED)) == []
    assert shared.engine().stats().get("default", {}).get("failed", 0) == 0
    assert shared.engine().move("retry", Where(job_id=job_id)) == 0
