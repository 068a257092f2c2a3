"""PHP and Python on one queue: jobs keep their form and what else was set, and neither side undoes
what the other has done."""

from __future__ import annotations

import json
import time

import pytest

from lightjobs.engines.where import Where
from lightjobs.model import Done, Failed, HandBack, Release, Settlement, Status

from .shared_redis import php_claims, push
from .shared_steps import dispatch


@pytest.mark.parametrize(("form", "kind"), [("php", "string"), ("hash", "hash")])
def test_a_job_keeps_the_form_it_came_in(shared, form, kind):
    job_id = push(shared, form)
    other = {"php": "hash", "hash": "php"}[form]
    shared.engine(other)
    for outcome in ((Release, time.time(), 1), (HandBack,), (Failed, "boom")):
        worker, claim = shared.claim()
        assert shared.form(job_id) == kind
        shared.engine().settle(worker, [outcome[0](claim.id, claim.fence, *outcome[1:])])
        assert shared.form(job_id) == kind
    for engine in (shared.engine(other), shared.engine(form)):
        assert engine.move("retry", Where(job_id=job_id)) == 1
        assert shared.form(job_id) == kind
        shared.settle(Failed, "boom")
    shared.engine().move("retry", Where(job_id=job_id))
    worker, _ = shared.claim()
    shared.engine().recover(worker)
    assert shared.form(job_id) == kind


def test_both_forms_wait_in_one_queue(shared):
    ids = [push(shared, form) for form in ("hash", "php", "hash")] + [dispatch(shared)]
    shared.engine().register("w", 30.0)
    assert {claim.id for claim in shared.engine().claim("w", ["default"], 10)} == set(ids)


def test_what_was_set_on_a_job_survives_a_php_worker(shared):
    job_id = push(shared, options='{"attempts": 3}')
    php_claims(shared, queue="default")
    shared.php("release", id=job_id, queue="default")
    assert json.loads(shared.claim()[1].options) == {"attempts": 3}


def test_a_field_of_phps_own_survives_a_python_worker(shared):
    shared.put_job("job_6b0251ac994364.82404417", tenant="ünique", tags=["a", {"b": None}])
    shared.settle(Release, time.time(), 1)
    job = shared.php("show", id="job_6b0251ac994364.82404417")["job"]
    assert (job["tenant"], job["tags"]) == ("ünique", ["a", {"b": None}])


def test_a_job_that_php_deletes_while_python_runs_it_does_not_come_back(shared):
    for outcome in ((Release, time.time(), 1), (HandBack,), (Failed, "boom"), (Done,)):
        job_id = dispatch(shared)
        worker, claim = shared.claim()
        shared.php("done", id=job_id)
        shared.engine().settle(worker, [outcome[0](claim.id, claim.fence, *outcome[1:])])
        assert shared.engine().find(job_id) is None
        assert shared.php("claim", queue="default") is None
        assert shared.php("show", id=job_id)["failed"] is None


@pytest.mark.parametrize("outcome", [(Done,), (Failed, "x"), (Release, 0.0, 7), (HandBack,)])
def test_a_dead_workers_late_outcome_cannot_end_phps_run(shared, outcome):
    job_id = dispatch(shared)
    worker, claim = shared.claim()
    shared.engine().recover(worker)
    php_claims(shared, queue="default")
    before = shared.text(job_id)
    late = outcome[0](claim.id, claim.fence, *outcome[1:])
    assert shared.engine().settle(worker, [late]) == [Settlement.LOST]
    assert shared.text(job_id) == before
    assert shared.score("queue:default", job_id) is None


@pytest.mark.parametrize("first", [(Release, 1.0, 1), (HandBack,)])
@pytest.mark.parametrize("again", [(Done,), (Failed, "x"), (Release, 1.0, 1), (HandBack,)])
def test_an_outcome_sent_again_cannot_end_phps_run(shared, first, again):
    job_id = dispatch(shared)
    worker, claim = shared.claim()
    outcome, repeated = (made[0](claim.id, claim.fence, *made[1:]) for made in (first, again))
    assert shared.engine().settle(worker, [outcome]) == [Settlement.ACCEPTED]
    php_claims(shared, queue="default")
    before = shared.text(job_id)
    shared.engine().settle(worker, [repeated])
    assert shared.text(job_id) == before
    assert shared.score("queue:default", job_id) is None


def test_an_id_without_a_job_is_dropped(shared):
    shared.raw.zadd("jobs:queue:default", {"job_gone": 1})
    job_id = dispatch(shared)
    assert shared.claim()[1].id == job_id
    assert shared.score("queue:default", "job_gone") is None


def test_python_keeps_its_own_keys_away_from_where_php_looks(shared):
    for priority in (-1, 0, 1):
        push(shared, priority=priority)
        push(shared, "hash", priority=priority)
    shared.engine().register("w", 30.0)
    first, second, *_ = shared.engine().claim("w", ["default"], 10)
    shared.engine().settle("w", [Failed(first.id, first.fence, "boom")])
    shared.engine().settle("w", [Release(second.id, second.fence, time.time() + 60, 1)])
    assert shared.keys("jobs:queue:*") <= {"jobs:queue:default"}
    assert shared.keys("jobs:job:*") == {
        f"jobs:job:{stored.id}"
        for status in (Status.NEW, Status.QUEUED, Status.FAILED)
        for stored in shared.engine().browse(Where(status=status))
    }


def test_the_queue_of_php_is_a_sorted_set_of_due_times(shared):
    job_id = push(shared)
    assert shared.raw.type("jobs:queue:default") == b"zset"
    assert shared.score("queue:default", job_id) == pytest.approx(time.time(), abs=2)
