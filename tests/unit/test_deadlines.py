"""`expires` and `retryUntil`: what is stored at dispatch, and what becomes of late jobs."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from lightjobs import Job, JobDefinitionError, JobExpired, current, job, worker
from lightjobs.engines.where import Where
from lightjobs.execution import registry
from lightjobs.execution.async_bridge import run_here
from lightjobs.execution.executor import execute
from lightjobs.execution.run import Run
from lightjobs.model import Claim, Retention, utc_text
from lightjobs.process import clock
from lightjobs.testing import Jobs
from tests.support.waiting import wait_until

ran: list[str] = []


class Code(Job):
    expires = "+10 minutes"

    def handle(self):
        ran.append(self.context.id)


class Plain(Job):
    def handle(self): ...


class Sync(Job):
    attempts = 10
    retryAfter = "+40 minutes"
    retryUntil = "+1 hour"

    def handle(self):
        ran.append(self.context.id)
        raise ConnectionError("away")

    def onFailure(self):
        ran.append(type(self.getException()).__name__)


class Limited(Code):
    def rateLimit(self):
        return {"limit": 1, "minutes": 30, "jitter": 0}


class Polls(Sync):
    def handle(self):
        self.release("+2 hours")


class ByPayload(Job):
    def expires(self):
        return self.payload["within"]

    def handle(self):
        ran.append(self.context.id)


@job(name="test.deadlines.function", expires=timedelta(seconds=5))
def function() -> None: ...


@pytest.fixture
def jobs():
    ran.clear()
    with Jobs() as made:
        current.engine().retention = Retention(cancelled=None)
        yield made


def options(jobs, id):
    return json.loads(current.engine().find(id).options or "{}")


def test_a_job_that_is_started_in_time_runs(jobs):
    Code().dispatch()
    jobs.travel("+9 minutes")
    assert jobs.work() == (1, 0, 0, 0, 0)


def test_a_job_that_is_not_started_in_time_ends_as_cancelled(jobs):
    id = Code().dispatch()
    moment = clock.now() + 600
    jobs.travel("+11 minutes")
    assert jobs.work().cancelled == 1
    assert ran == []
    found = current.engine().find(id)
    assert (found.status, found.attempts) == ("cancelled", 0)
    assert found.exception == f"expired: not started by {utc_text(moment)} UTC"


def test_one_that_was_paused_past_its_deadline_expires_when_it_is_resumed(jobs):
    id = Code().dispatch()
    current.engine().pause(id)
    jobs.travel("+11 minutes")
    current.engine().resume(id)
    assert jobs.work().cancelled == 1


def test_a_failed_run_that_began_in_time_is_repeated_after_the_deadline(jobs):
    id = Sync().setRetryUntil(None).setExpires("+10 minutes").dispatch()
    assert jobs.work().retried == 1
    jobs.travel("+41 minutes")
    assert jobs.work().retried == 1
    assert ran == [id, id]


def test_an_expired_job_runs_once_it_is_put_back_by_hand(jobs):
    id = Code().dispatch()
    jobs.travel("+11 minutes")
    jobs.work()
    assert current.engine().move("rerun", Where(job_id=id)) == 1
    assert jobs.work().done == 1


def test_a_job_whose_rate_starts_it_too_late_expires_at_once(jobs):
    Limited.dispatchMany([{}, {}])
    assert jobs.work() == (1, 0, 0, 0, 1)


def test_no_run_begins_after_retry_until(jobs):
    id = Sync().dispatch()
    assert jobs.work().retried == 1  # again after 40 minutes; the next one would be after 80
    jobs.travel("+41 minutes")
    assert jobs.work().failed == 1
    assert ran == [id, id, "ConnectionError"]
    assert current.engine().find(id).exception.startswith("ConnectionError: away")


def test_a_retry_that_comes_too_late_fails_without_running(jobs):
    id = Sync().dispatch()
    jobs.work()
    jobs.travel("+61 minutes")  # nobody worked at the 40th
    assert jobs.work().failed == 1
    assert ran == [id, "RetryUntilOver"]
    assert current.engine().find(id).exception.startswith("lightjobs.errors.RetryUntilOver: ")


def test_a_job_that_has_waited_for_its_first_run_too_long_fails(jobs):
    Sync().dispatch()
    jobs.travel("+61 minutes")
    assert jobs.work().failed == 1
    assert ran == ["RetryUntilOver"]


def test_a_failed_job_that_is_retried_by_hand_gets_one_more_run(jobs):
    id = Sync().dispatch()
    jobs.travel("+61 minutes")
    jobs.work()
    current.engine().move("retry", Where(job_id=id))
    assert jobs.work().failed == 1
    assert ran == ["RetryUntilOver", id, "ConnectionError"]


def test_a_release_beyond_retry_until_fails(jobs):
    Polls().dispatch()
    assert jobs.work().failed == 1
    assert ran == ["RetryUntilOver"]


def test_the_deadline_travels_as_a_moment(jobs):
    now = clock.now()
    found = options(jobs, Sync().setExpires(90).dispatch())
    assert found == pytest.approx({"expires": now + 90, "retryUntil": now + 3600}, abs=5)
    assert options(jobs, Code().setExpires(None).dispatch()) == {"expires": None}
    at = datetime(2100, 1, 1, tzinfo=UTC)
    assert options(jobs, Code().setExpires(at).dispatch()) == {"expires": at.timestamp()}
    directly = Code()
    directly.expires = at
    assert options(jobs, directly.dispatch()) == {"expires": at.timestamp()}


def test_a_deadline_that_a_job_does_without_does_not_come_back(jobs):
    Code().setExpires(None).dispatch()
    jobs.travel("+11 minutes")
    assert jobs.work().done == 1


def test_jobs_without_deadlines_store_nothing_more(jobs):
    id = Plain().setExpires(None).setRetryUntil(None).dispatch()
    assert current.engine().find(id).options is None


def test_a_method_may_decide_it_by_the_payload(jobs):
    now = clock.now()
    first, second = ByPayload.dispatchMany([{"within": "+1 minute"}, {"within": "+1 hour"}])
    assert options(jobs, first)["expires"] == pytest.approx(now + 60, abs=5)
    assert options(jobs, second)["expires"] == pytest.approx(now + 3600, abs=5)
    jobs.travel("+2 minutes")
    assert jobs.work() == (1, 0, 0, 0, 1)


def test_function_jobs_have_them_too(jobs):
    now = clock.now()
    assert options(jobs, function.dispatch())["expires"] == pytest.approx(now + 5, abs=3)
    later = function.setExpires("+1 hour").setRetryUntil("+2 hours").dispatch()
    assert options(jobs, later)["retryUntil"] == pytest.approx(now + 7200, abs=3)


def test_a_job_of_php_has_the_deadlines_of_its_class(jobs):
    created = utc_text(clock.now() - 3600)
    claim = Claim("1", 1, registry.handler_of(Code), "default", "{}", 1, 0, created, None, 3600.0)
    assert type(run_of(claim).exception) is JobExpired
    assert run_of(claim._replace(created_at=utc_text(clock.now()), waited=0.0)).exception is None


def run_of(claim):
    run = Run(claim)
    run_here(execute(run), False)
    return run


def test_a_job_that_would_expire_before_it_is_due_is_refused(jobs):
    with pytest.raises(JobDefinitionError, match="Code would expire before it is due"):
        Code().setDelay("+1 hour").dispatch()
    jobs.assert_nothing_dispatched()


@pytest.mark.parametrize("value", ["soon", -1, True, datetime(2026, 1, 1), [], "x" * 9])
@pytest.mark.parametrize("setter", ["setExpires", "setRetryUntil"])
def test_other_values_are_refused(setter, value):
    with pytest.raises(JobDefinitionError, match=rf"{setter}\(\) is .*; allowed: what PHP's"):
        getattr(Code(), setter)(value)


def test_a_wrong_value_in_a_class_is_refused():
    with pytest.raises(JobDefinitionError, match=r"Wrong\.expires is 'never'; allowed"):
        type("Wrong", (Job,), {"expires": "never", "handle": lambda self: None})


def test_a_worker_says_which_job_has_expired(engine, capsys):
    engine.retention = Retention(cancelled=None)
    id = Code().setExpires("now").dispatch()
    with worker():
        wait_until(lambda: engine.find(id).status == "cancelled")
    assert engine.find(id).exception.startswith("expired: not started by ")
