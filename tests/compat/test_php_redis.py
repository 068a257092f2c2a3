"""PHP and Python on one queue: what either side stores, the other reads, runs, fails, retries."""

from __future__ import annotations

import json
import re
import time

import pytest

from lightjobs.engines.store import MAX_RECOVERIES, WORKER_LOST
from lightjobs.engines.where import Where
from lightjobs.model import Done, Failed, HandBack, NewJob, Release, Settlement, Status, utc_text
from tests.support.environment import engine_of
from tests.support.waiting import wait_until

HANDLER = "App\\Jobs\\Work"
FIELDS = ["id", "handler", "payload", "scheduled_at", "status", "queue", "attempts", "created_at"]
TEXT = 'Überraschung: 💥 \x00 ";s:8:"attempts";i:99;\nsecond line'


def push(shared, form="php", queue="default", **fields):
    """Dispatch a job from Python."""
    (job_id,) = shared.engine(form).push([NewJob(HANDLER, queue, '{"n":1}', **fields)])
    return job_id


def dispatch(shared, **arguments):
    """Dispatch a job from PHP."""
    return shared.php("dispatch", **{"handler": HANDLER, "payload": {"n": 1}, **arguments})


def is_now(text, seconds=5):
    return utc_text(time.time() - seconds) <= text <= utc_text(time.time())


def php_claims(shared, **arguments):
    """The job PHP finds: at once, or as it looks at whole seconds, within one."""
    return wait_until(lambda: shared.php("claim", **arguments), what="PHP finds the job")


def php_fails(shared, text="Card declined"):
    claimed = php_claims(shared, queue="default")
    return shared.php("fail", id=claimed["id"], text=text)


# The settings


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"REDIS_DB": "3"},
        {"REDIS_PREFIX": "shop:"},
        {"REDIS_DB": "3", "REDIS_PREFIX": "shop:", "REDIS_JOB_PREFIX": "work:"},
    ],
)
def test_the_same_variables_mean_the_same_queue_to_both_sides(shared, variables):
    environment = {**shared.environment, **variables}
    php = shared.peer(**variables)
    engine = engine_of({**environment, "REDIS_JOB_FORMAT": "php"})
    job_id = php("dispatch", handler=HANDLER, payload={"n": 1}, queue="default")
    assert engine.find(job_id).handler == HANDLER
    assert engine.stats()["default"]["new"] == 1
    (ours,) = engine.push([NewJob(HANDLER, "other", '{"n":1}')])
    claimed = wait_until(lambda: php("claim", queue="other"), what="PHP finds the job")
    assert claimed["id"] == ours
    engine.close()


# PHP dispatches


def test_python_claims_what_php_dispatched(shared):
    job_id = dispatch(shared, queue="payments")
    _, claim = shared.claim("payments")
    assert (claim.id, claim.handler, claim.queue) == (job_id, HANDLER, "payments")
    assert (claim.attempts, claim.recoveries, claim.options) == (1, 0, None)
    assert json.loads(claim.payload) == {"n": 1}


def test_python_reads_when_phps_job_is_due_and_leaves_it_until_then(shared):
    job_id = dispatch(shared, delay="+1 hour")
    stored = shared.engine().find(job_id)
    assert stored.scheduled_at == utc_text(shared.score("queue:default", job_id))
    assert is_now(stored.created_at)
    assert shared.engine().stats()["default"]["delayed"] == 1
    shared.engine().register("early", 30.0)
    assert shared.engine().claim("early", ["default"], 10) == []


def test_python_counts_and_lists_what_php_dispatched(shared):
    ids = [dispatch(shared) for _ in range(3)]
    assert shared.engine().stats()["default"]["new"] == 3
    assert [stored.id for stored in shared.engine().browse(Where(status=Status.NEW))] == ids


def test_python_claims_phps_jobs_in_the_order_of_their_dispatch(shared):
    ids = [dispatch(shared) for _ in range(20)]
    shared.engine().register("w", 30.0)
    assert [claim.id for claim in shared.engine().claim("w", ["default"], 50)] == ids


def test_what_python_has_done_is_gone_for_php(shared):
    job_id = dispatch(shared)
    shared.settle(Done)
    assert shared.php("show", id=job_id)["job"] is None
    assert shared.php("claim", queue="default") is None


# Python dispatches in PHP's form


def test_python_stores_a_job_as_php_does(shared):
    job_id = push(shared, queue="payments")
    job = shared.php("show", id=job_id)["job"]
    assert list(job) == FIELDS
    assert job["id"] == job_id
    assert re.fullmatch(r"job_[0-9a-f]{13}\.[0-9]{8}", job_id)
    assert (job["handler"], job["queue"], job["status"]) == (HANDLER, "payments", "new")
    assert job["payload"] == '{"n":1}'
    assert job["attempts"] == 0
    assert is_now(job["scheduled_at"])
    assert is_now(job["created_at"])


def test_the_text_python_writes_is_byte_for_byte_what_php_would_write(shared):
    ids = [push(shared), push(shared), push(shared)]
    assert all(shared.php("show", id=job_id)["canonical"] for job_id in ids)
    _, claim = shared.claim()
    assert shared.php("show", id=claim.id)["canonical"]
    shared.settle(Failed, TEXT)
    assert all(shared.php("show", id=job_id)["canonical"] for job_id in ids)


def test_what_python_adds_is_behind_lightpacks_own_fields(shared):
    job_id = push(shared, priority=1, options="{}")
    ours = ["priority", "options", "fence"]

    def fields():
        return list(shared.php("show", id=job_id)["job"])

    assert fields() == FIELDS + ours[:2]
    _, claim = shared.claim()
    assert fields() == [*FIELDS, "updated_at", *ours, "worker"]
    shared.engine().recover(shared.engine().find(job_id).worker)
    assert fields() == [*FIELDS, "updated_at", *ours, "recoveries"]
    shared.settle(Failed, TEXT)
    assert fields() == [*FIELDS, "updated_at", "exception", "failed_at", *ours, "recoveries"]
    shared.engine().move("retry", Where(job_id=claim.id))
    assert fields() == [*FIELDS, "updated_at", "exception", "failed_at", *ours]


def test_php_runs_what_python_dispatched(shared):
    job_id = push(shared)
    claimed = php_claims(shared, queue="default")
    assert (claimed["id"], claimed["payload"], claimed["attempts"]) == (job_id, {"n": 1}, 1)
    shared.php("done", id=job_id)
    assert shared.engine().find(job_id) is None
    assert shared.engine().stats().get("default", {}).get("new", 0) == 0


def test_php_finds_pythons_jobs_without_naming_a_queue(shared):
    job_id = push(shared)
    shared.settle(HandBack)
    assert php_claims(shared)["id"] == job_id
    assert shared.php("claim") is None


def test_php_waits_until_pythons_job_is_due(shared):
    due = time.time() + 3600
    job_id = push(shared, due=due)
    assert shared.php("claim", queue="default") is None
    shown = shared.php("show", id=job_id)
    assert shown["job"]["scheduled_at"] == utc_text(due)
    assert shown["queued"] == pytest.approx(due, abs=1)


def test_python_reads_what_php_has_released(shared):
    job_id = push(shared)
    php_claims(shared, queue="default")
    shared.php("release", id=job_id, queue="default", delay="+30 seconds")
    stored = shared.engine().find(job_id)
    assert (stored.status, stored.attempts) == (Status.NEW, 1)
    assert (stored.exception, stored.failed_at) == (None, None)
    assert stored.scheduled_at == utc_text(shared.score("queue:default", job_id))
    assert shared.engine().stats()["default"]["delayed"] == 1


def test_python_goes_on_where_php_released(shared):
    job_id = push(shared)
    php_claims(shared, queue="default")
    shared.php("release", id=job_id, queue="default")
    claim = shared.settle(Done)
    assert (claim.id, claim.attempts) == (job_id, 2)


def test_python_reads_what_php_has_failed(shared):
    job_id = push(shared)
    text = php_fails(shared, TEXT.replace("\x00", ""))
    stored = shared.engine().find(job_id)
    assert (stored.status, stored.attempts, stored.exception) == (Status.FAILED, 1, text)
    assert is_now(stored.failed_at)
    assert [stored.id for stored in shared.engine().browse(Where(status=Status.FAILED))] == [job_id]
    assert shared.engine().stats()["default"]["failed"] == 1


# A run of Python's, seen from PHP


def test_php_sees_that_python_runs_a_job(shared):
    job_id = dispatch(shared)
    shared.claim()
    shown = shared.php("show", id=job_id)
    assert (shown["job"]["status"], shown["job"]["attempts"]) == (Status.QUEUED, 1)
    assert is_now(shown["job"]["updated_at"])
    assert (shown["queued"], shown["failed"]) == (None, None)
    assert shared.php("claim", queue="default") is None


def test_php_goes_on_where_python_released(shared):
    job_id = dispatch(shared)
    shared.settle(Release, time.time(), 1)
    job = shared.php("show", id=job_id)["job"]
    assert (job["status"], job["attempts"]) == (Status.NEW, 1)
    assert (job["exception"], job["failed_at"]) == (None, None)
    claimed = php_claims(shared, queue="default")
    assert (claimed["id"], claimed["attempts"]) == (job_id, 2)


def test_php_waits_until_what_python_released_is_due(shared):
    job_id = dispatch(shared)
    due = time.time() + 30
    shared.settle(Release, due, 1)
    assert shared.php("show", id=job_id)["job"]["scheduled_at"] == utc_text(due)
    assert shared.php("claim", queue="default") is None


def test_php_reads_what_python_has_failed(shared):
    job_id = dispatch(shared)
    shared.settle(Failed, TEXT)
    shown = shared.php("show", id=job_id)
    assert (shown["job"]["status"], shown["job"]["exception"]) == (Status.FAILED, TEXT)
    assert shown["job"]["attempts"] == 1
    assert is_now(shown["job"]["failed_at"])
    assert shown["failed"] == pytest.approx(time.time(), abs=5)


def test_a_job_handed_back_is_for_php_as_if_never_claimed(shared):
    job_id = dispatch(shared)
    shared.settle(HandBack)
    assert shared.php("show", id=job_id)["job"]["attempts"] == 0
    assert php_claims(shared, queue="default")["attempts"] == 1


def test_php_takes_over_what_a_dead_python_worker_held(shared):
    job_id = dispatch(shared)
    worker, _ = shared.claim()
    assert shared.engine().recover(worker) == 1
    claimed = php_claims(shared, queue="default")
    assert (claimed["id"], claimed["attempts"]) == (job_id, 1)


# Retrying what the other has failed


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


# Between the two


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
