"""PHP and Python on one queue: what either side stores or ends, the other reads and runs."""

from __future__ import annotations

import json
import re
import time

import pytest

from lightjobs.engines.where import Where
from lightjobs.model import Done, Failed, HandBack, NewJob, Release, Status, utc_text
from tests.support.environment import engine_of
from tests.support.waiting import wait_until

from .shared_redis import php_claims, php_fails, push
from .shared_steps import HANDLER, dispatch, is_now

FIELDS = ["id", "handler", "payload", "scheduled_at", "status", "queue", "attempts", "created_at"]
TEXT = 'Überraschung: 💥 \x00 ";s:8:"attempts";i:99;\nsecond line'


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
