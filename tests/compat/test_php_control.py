"""What people do to jobs that PHP shares: cancel, pause, keep, requeue; PHP knows of none of it."""

from __future__ import annotations

import time

import pytest

from lightjobs.engines.where import Where
from lightjobs.model import STATUSES, Done, Failed, NewJob, Retention, Status
from tests.support.waiting import wait_until

HANDLER = "App\\Jobs\\Work"


@pytest.fixture(autouse=True)
def keep_all(shared):
    shared.engine().retention = Retention(None, None, None)


def dispatch(shared, **arguments):
    """Dispatch a job from PHP."""
    return shared.php("dispatch", **{"handler": HANDLER, "payload": {"n": 1}, **arguments})


def php_claims(shared, job_id):
    """PHP claims the one job, at once or, as it looks at whole seconds, within one."""
    claim = lambda: shared.php("claim", queue="default")  # noqa: E731
    claimed = wait_until(claim, what="PHP finds the job")
    assert claimed["id"] == job_id
    return claimed


def seen_by_php(shared, job_id):
    """The job as PHP reads it, which must be text that it could have written itself."""
    shown = shared.php("show", id=job_id)
    assert shown["canonical"]
    return shown


def counted(shared):
    """What stats say of the default queue, zeros left out, after comparing them with the lists."""
    counts = shared.engine().stats().get("default", {})
    for status in STATUSES:
        if status != "queued":  # those that PHP holds are in no list
            assert len(shared.engine().browse(Where(status=status))) == counts.get(status, 0), (
                status
            )
    return {status: count for status, count in counts.items() if count}


# Out of PHP's sight


@pytest.mark.parametrize("sooner", [0, 3600])
@pytest.mark.parametrize("do", ["pause", "cancel"])
def test_php_does_not_see_what_is_paused_or_cancelled_and_can_read_it(shared, do, sooner):
    job_id = dispatch(shared, delay=f"+{sooner} seconds")
    before = seen_by_php(shared, job_id)["job"]
    assert getattr(shared.engine(), do)(job_id)
    shown = seen_by_php(shared, job_id)
    assert (shown["queued"], shown["failed"]) == (None, None)
    assert shown["job"]["status"] == {"pause": Status.PAUSED, "cancel": Status.CANCELLED}[do]
    kept = ("id", "handler", "payload", "scheduled_at", "queue", "attempts", "created_at")
    assert [shown["job"][name] for name in kept] == [before[name] for name in kept]
    assert shared.php("claim", queue="default") is None
    assert shared.php("retry", id=job_id) == 0
    assert shared.php("retry") == 0


def test_php_runs_what_was_resumed_and_what_is_run_again(shared):
    job_id = dispatch(shared)
    before = shared.text(job_id), shared.score("queue:default", job_id)
    shared.engine().pause(job_id)
    shared.engine().resume(job_id)
    assert (shared.text(job_id), shared.score("queue:default", job_id)) == before
    shared.engine().cancel(job_id)
    assert shared.engine().move("rerun", Where(job_id=job_id)) == 1
    assert seen_by_php(shared, job_id)["job"]["failed_at"] is None
    assert php_claims(shared, job_id)["attempts"] == 1


def test_php_does_not_see_a_completed_job_and_can_read_it(shared):
    job_id = dispatch(shared)
    shared.settle(Done)
    shown = seen_by_php(shared, job_id)
    assert (shown["queued"], shown["failed"]) == (None, None)
    assert shown["job"]["status"] == Status.COMPLETED
    assert shown["job"]["failed_at"] >= shown["job"]["created_at"]
    assert shared.php("claim", queue="default") is None
    assert shared.engine().move("rerun", Where(job_id=job_id)) == 1
    assert php_claims(shared, job_id)["attempts"] == 1


def test_php_goes_on_with_a_paused_queue(shared):
    job_id = dispatch(shared)
    shared.engine().pause_queue("default")
    shared.engine().register("w", 30.0)
    assert shared.engine().claim("w", ["default"], 1) == []
    php_claims(shared, job_id)


def test_what_php_failed_is_still_right_after_a_pause_of_what_it_retried(shared):
    job_id = dispatch(shared)
    shared.settle(Failed, "boom")
    assert shared.php("retry", id=job_id) == 1
    assert shared.engine().pause(job_id)
    assert counted(shared) == {Status.PAUSED: 1}
    assert shared.engine().resume(job_id)
    php_claims(shared, job_id)
    shared.php("fail", id=job_id, text="boom again")
    assert counted(shared) == {Status.FAILED: 1}
    assert shared.engine().move("retry", Where(handler=HANDLER)) == 1
    assert counted(shared) == {Status.NEW: 1}


def test_what_php_dispatched_is_deleted_where_php_looks(shared):
    ids = [dispatch(shared), dispatch(shared, delay="+1 hour")]
    assert shared.engine().purge(Where(status=Status.NEW)) == 2
    assert [shared.php("show", id=job_id)["job"] for job_id in ids] == [None, None]
    assert shared.keys("jobs:queue:*") == set()


def test_a_job_that_php_released_from_its_priority_is_still_paused(shared):
    (job_id,) = shared.engine().push([NewJob(HANDLER, "default", "{}", priority=1)])
    shared.raw.delete("jobs:ready:1:default")
    shared.raw.zadd("jobs:queue:default", {job_id: 1})
    assert shared.engine().pause(job_id)
    assert shared.php("claim", queue="default") is None
    assert counted(shared) == {Status.PAUSED: 1}


# While PHP runs the job


@pytest.mark.parametrize("do", ["done", "fail", "release"])
def test_a_job_cancelled_and_dropped_while_php_runs_it_does_not_come_back(shared, do):
    shared.engine().retention = Retention()
    job_id = dispatch(shared)
    php_claims(shared, job_id)
    assert shared.engine().cancel(job_id)
    shared.php(do, id=job_id, text="boom", queue="default")
    assert shared.php("show", id=job_id)["job"] is None
    assert shared.score("failed", job_id) is None
    assert shared.php("claim", queue="default") is None
    assert counted(shared) == {}


@pytest.mark.parametrize(
    ("do", "counts"), [("done", {}), ("fail", {Status.FAILED: 1}), ("release", {Status.NEW: 1})]
)
def test_what_php_makes_of_a_job_cancelled_and_kept_is_counted_right(shared, do, counts):
    job_id = dispatch(shared)
    php_claims(shared, job_id)
    assert shared.engine().cancel(job_id)
    assert counted(shared) == {Status.CANCELLED: 1}
    assert shared.php("claim", queue="default") is None
    shared.php(do, id=job_id, text="boom", queue="default")
    assert counted(shared) == counts
    for status in counts:
        assert shared.engine().purge(Where(status=status, job_id=job_id)) == 1
    assert counted(shared) == {}
    assert shared.keys() <= {"jobs:queues", "jobs:marks"}


def test_what_php_holds_is_cancelled_by_its_id_only(shared):
    job_id = dispatch(shared)
    php_claims(shared, job_id)
    assert shared.engine().move("cancel") == shared.engine().move("requeue") == 0
    assert shared.engine().move("requeue", Where(job_id=job_id)) == 1
    assert php_claims(shared, job_id)["attempts"] == 1


@pytest.mark.parametrize("ended", ["before", "after"])
def test_a_paused_job_that_php_ends_leaves_nothing_behind(shared, ended):
    job_id = dispatch(shared)
    php_claims(shared, job_id)
    shared.engine().move("requeue", Where(job_id=job_id))
    shared.engine().pause(job_id)
    if ended == "after":
        assert counted(shared) == {Status.PAUSED: 1}
    shared.php("done", id=job_id)
    assert counted(shared) == {}
    assert shared.keys() <= {"jobs:queues", "jobs:wake:default"}


def test_a_job_that_php_is_about_to_claim_is_not_paused_or_deleted(shared):
    job_id = dispatch(shared)
    shared.raw.zrem("jobs:queue:default", job_id)  # it marks the job in a step of its own
    before = shared.text(job_id)
    assert not shared.engine().pause(job_id)
    assert shared.engine().purge(Where(status=Status.NEW, job_id=job_id)) == 0
    assert shared.text(job_id) == before


# Where it is kept


@pytest.mark.parametrize("form", ["php", "hash"])
def test_all_that_control_keeps_is_away_from_where_php_looks(shared, form):
    engine = shared.engine(form)
    engine.retention = Retention(None, None, None)
    jobs = [NewJob(HANDLER, "default", "{}", time.time() - 1, p) for p in (0, 0, 0, 1, 2)]
    paused, cancelled, running, *_ = engine.push(jobs)
    engine.pause(paused)
    engine.cancel(cancelled)
    engine.register("w", 30.0)
    claims = engine.claim("w", ["default"], 5)
    engine.settle("w", [Done(claim.id, claim.fence) for claim in claims if claim.id != running])
    engine.cancel(running)
    engine.pause_queue("default")
    assert shared.keys("jobs:queue:*") == set()
    assert len(shared.keys("jobs:job:*")) == 5
    assert shared.keys("*") == shared.keys("jobs:*")
    assert shared.php("claim") is None
    assert shared.php("retry") == 0
    assert counted(shared) == {Status.PAUSED: 1, Status.CANCELLED: 2, Status.COMPLETED: 2}
    assert {shared.form(job_id) for job_id in (paused, cancelled, running)} == {
        {"php": "string", "hash": "hash"}[form]
    }
