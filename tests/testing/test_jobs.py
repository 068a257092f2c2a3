"""`lightjobs.testing.Jobs`, used as a test would."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

import lightjobs
from lightjobs import Job, LightjobsError, current
from lightjobs.engines.where import Where
from lightjobs.process import clock
from lightjobs.testing import Jobs, Result

from . import shop
from .shop import Chain, Charge, Forever, Parcel, Patient, Poll, SendMail, ShipOrder, Weigh


@pytest.fixture(autouse=True)
def log(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shop.LOG.clear()
    return shop.LOG


@pytest.fixture
def made():
    with Jobs() as jobs:
        yield jobs


# What was dispatched.


def test_a_dispatched_job_is_found_by_a_part_of_its_payload(made):
    shop.place_order(42)
    found = made.assert_dispatched(ShipOrder, {"order": 42}, queue="shipping", delay="+5 minutes")
    assert found.payload == {"order": 42, "tags": ["new", "vip"]}
    assert (found.queue, found.priority, found.job) == ("shipping", "normal", ShipOrder)
    assert 298 < found.delay <= 300
    made.assert_dispatched(ShipOrder, {"tags": ("new", "vip")}, delay=timedelta(minutes=5))
    made.assert_dispatched("SendMail", times=1, priority="higher", delay="now")
    made.assert_dispatched(SendMail, where=lambda job: job.payload["to"].endswith("@x.org"))
    made.assert_not_dispatched(Charge)
    made.assert_not_dispatched(ShipOrder, {"order": 43})
    made.assert_nothing_dispatched(queue="urgent")
    assert [job.payload["order"] for job in made.dispatched(ShipOrder)] == [42]
    assert len(made.dispatched()) == 2
    assert [job.name for job in made.dispatched(queue="default")] == ["SendMail"]


def test_function_jobs_are_found_too(made):
    shop.report.dispatch(month=3)
    assert made.assert_dispatched("report", queue="reports").payload == {"month": 3}
    assert made.work().done == 1


def test_a_miss_says_what_comes_nearest(made):
    shop.place_order(41)
    with pytest.raises(AssertionError) as raised:
        made.assert_dispatched(ShipOrder, {"order": 42, "by": "air"}, queue="mail", delay="now")
    assert str(raised.value).splitlines() == [
        "ShipOrder with payload {'order': 42, 'by': 'air'}, queue 'mail', delay 'now' was not "
        "dispatched",
        "dispatched: 2, the nearest first",
        "  ShipOrder on 'shipping' with payload {'order': 41, 'tags': ['new', 'vip']}",
        "    queue: expected 'mail', got 'shipping'",
        "    delay: expected 'now', got '+300 seconds'",
        "    payload['order']: expected 42, got 41",
        "    payload['by']: expected 'air', got nothing",
        "  SendMail on 'default' with payload {'to': 'a@x.org'}",
    ]


def test_a_miss_where_nothing_was_dispatched_says_so(made):
    with pytest.raises(AssertionError, match="nothing was dispatched"):
        made.assert_dispatched(ShipOrder)


@pytest.mark.parametrize(
    "expect",
    [
        lambda jobs: jobs.assert_dispatched(ShipOrder, {"order": True}),
        lambda jobs: jobs.assert_dispatched(ShipOrder, {"order": 1.0}),
        lambda jobs: jobs.assert_dispatched(ShipOrder, times=2),
        lambda jobs: jobs.assert_dispatched(ShipOrder, times=0),
        lambda jobs: jobs.assert_dispatched(ShipOrder, delay="+6 minutes"),
        lambda jobs: jobs.assert_dispatched(ShipOrder, priority="higher"),
        lambda jobs: jobs.assert_dispatched(ShipOrder, where=lambda job: False),
        lambda jobs: jobs.assert_not_dispatched(ShipOrder),
        lambda jobs: jobs.assert_nothing_dispatched(),
        lambda jobs: jobs.assert_nothing_dispatched(queue="shipping"),
    ],
)
def test_what_does_not_hold_fails(made, expect):
    shop.place_order(1)
    with pytest.raises(AssertionError):
        expect(made)


# Running jobs.


def test_work_runs_what_is_due_with_hooks_and_counts_the_runs(made, log):
    ShipOrder().dispatch({"order": 1})
    ShipOrder().setDelay("+5 minutes").dispatch({"order": 2})
    SendMail().dispatch({"to": "b"})
    assert made.work() == Result(done=2)
    assert log == [("mail", "b"), ("ship", 1, 1), "success"]
    assert made.work() == Result()
    made.travel("+5 minutes")
    assert made.work(queue="default") == Result()
    assert made.work(queue="shipping").done == 1
    assert made.stored() == []


def test_a_job_is_retried_when_its_time_has_come_and_fails_in_the_end(made, log):
    ShipOrder().dispatch({"order": 1, "fails": True})
    assert made.work() == Result(retried=1)
    assert made.work() == Result()
    made.travel("+30 seconds")
    assert made.work() == Result(retried=1)
    made.travel(timedelta(seconds=30))
    assert made.work() == Result(failed=1)
    assert [entry for entry in log if entry[0] == "ship"] == [("ship", 1, n) for n in (1, 2, 3)]
    assert log[-1] == ("failure", "ConnectionError")
    failed = made.assert_failed(ShipOrder, error=ConnectionError, attempts=3)
    assert failed.status == "failed"
    made.assert_failed("ShipOrder", error="carrier does not")
    with pytest.raises(AssertionError, match="after 3: ConnectionError"):
        made.assert_failed(ShipOrder, attempts=2)
    with pytest.raises(AssertionError, match="no such job failed"):
        made.assert_failed(SendMail)


def test_an_exception_reaches_the_test_if_it_wants_it(made, log):
    ShipOrder().dispatch({"order": 1, "fails": True})
    with pytest.raises(ConnectionError):
        made.work(raise_=True)
    (stored,) = made.stored()
    assert (stored.attempts, stored.worker) == (1, None)


def test_jobs_that_jobs_dispatch_are_run(made, log):
    Chain().dispatch({"left": 3})
    assert made.work().runs == 4
    assert log == [3, 2, 1, 0]


def test_jobs_without_end_end_the_test(made):
    Forever().dispatch({})
    with pytest.raises(AssertionError, match=r"after 50 runs there is still a due job, .*Forever"):
        made.work(limit=50)


def test_a_cancelled_job_is_not_run(made, log):
    id = SendMail().dispatch({"to": "b"})
    assert lightjobs.engine().cancel(id)
    assert made.work() == Result()
    assert log == []


def test_queues_are_served_in_the_order_given(made, log):
    SendMail().dispatch({"to": "b"})
    ShipOrder().dispatch({"order": 1})
    made.work(queue=["shipping", "default"])
    assert log[0] == ("ship", 1, 1)


def test_inline_jobs_run_before_the_dispatch_returns(made, log):
    with made.inline():
        Chain().dispatch({"left": 2})
        assert log == [2, 1, 0]
    Chain().dispatch({"left": 0})
    assert log == [2, 1, 0]


def test_faked_jobs_are_remembered_and_never_run(made, log):
    with made.fake():
        SendMail().dispatch({"to": "b"})
    made.assert_dispatched(SendMail, {"to": "b"})
    assert made.work() == Result()
    assert log == []


def test_both_blocks_work_without_another_around_them(log):
    with Jobs().inline():
        SendMail().dispatch({"to": "b"})
    with Jobs().fake() as jobs:
        SendMail().dispatch({"to": "c"})
        assert len(jobs.dispatched()) == 1
    assert log == [("mail", "b")]


def test_a_transaction_of_the_caller_is_taken_as_it_comes(made):
    SendMail().dispatch({"to": "b"}, connection=object())
    made.assert_dispatched(SendMail)
    assert made.work().done == 1


# One run.


def test_a_run_that_succeeds(made, log):
    run = made.perform(ShipOrder, {"order": 7}, attempt=2)
    run.assert_done("parcel 7")
    run.assert_done()
    assert (run.outcome, run.result, run.exception, run.delay) == ("done", "parcel 7", None, None)
    assert log == [("ship", 7, 2), "success"]
    assert made.dispatched() == made.stored() == []
    with pytest.raises(AssertionError, match=r"returned 'parcel 7', expected 'x'"):
        run.assert_done("x")
    with pytest.raises(AssertionError, match="expected to be failed, but is done"):
        run.assert_failed()


def test_a_run_that_is_to_be_repeated(made):
    run = made.perform(ShipOrder, {"order": 7, "fails": True}, attempt=2)
    run.assert_retried(delay="+30 seconds")
    run.assert_retried(ConnectionError)
    with pytest.raises(AssertionError, match="expected to be done, but is retried: Connection"):
        run.assert_done()
    with pytest.raises(AssertionError, match="expected to raise KeyError"):
        run.assert_retried(KeyError)
    with pytest.raises(AssertionError, match=r"repeated after '\+1 hour', but after 0:00:30"):
        run.assert_retried(delay="+1 hour")
    made.perform(Patient, {}, attempt=2).assert_retried(delay=20)


def test_a_run_that_fails_for_good(made, log):
    run = made.perform(ShipOrder, {"order": 7, "fails": True}, attempt=3)
    run.assert_failed(ConnectionError)
    run.assert_failed("does not answer")
    assert log[-1] == ("failure", "ConnectionError")
    made.perform(Charge, {}).assert_failed(shop.CardDeclined)
    made.perform(Charge, {"permanent": True}).assert_failed("closed")
    made.perform(Charge().setAttempts(1), {}).assert_failed()


def test_a_run_that_asks_to_be_repeated(made):
    run = made.perform(Poll, {})
    run.assert_released("+1 minute")
    assert run.outcome == "released"


def test_the_values_of_a_job_object_and_a_typed_payload(made):
    made.perform(Weigh, Parcel(4, ["a"])).assert_done(8)
    made.perform(Weigh, {"weight": 5, "tags": []}).assert_done(10)
    run = made.perform(ShipOrder().setRetryAfter("+2 minutes"), {"order": 1, "fails": True})
    run.assert_retried(delay="+2 minutes")


def test_hooks_can_be_left_out(made, log):
    made.perform(ShipOrder, {"order": 7}, hooks=False)
    assert log == [("ship", 7, 1)]


# Time.


def test_travelling_moves_dispatches_and_due_times(made):
    before = made.now
    assert made.travel("+1 day") - before >= timedelta(days=1)
    ShipOrder().setDelay("+1 hour").dispatch({"order": 1})
    assert made.work() == Result()
    made.travel(timedelta(hours=1, seconds=1))
    assert made.work().done == 1
    made.travel("2031-01-01 06:00")
    assert made.now.strftime("%Y-%m-%d %H:%M") == "2031-01-01 06:00"


def test_the_time_is_the_systems_again_afterwards():
    with Jobs() as jobs:
        jobs.travel("+1 year")
    assert abs(clock.now() - datetime.now(UTC).timestamp()) < 5


def test_a_worker_that_travels_keeps_its_lease(made):
    SendMail().dispatch({"to": "b"})
    made.work()
    made.travel("+10 years")
    SendMail().dispatch({"to": "b"})
    assert made.work().done == 1


# The place of the engine.


def test_the_former_engine_is_put_back():
    former, threads = current.made(), threading.active_count()
    with Jobs():
        assert lightjobs.engine().name == "memory"
        with Jobs() as inner:
            SendMail().dispatch({"to": "b"})
            assert len(inner.dispatched()) == 1
    assert current.made() == former
    assert threading.active_count() <= threads


def test_jobs_cannot_be_entered_twice(made):
    with pytest.raises(LightjobsError, match="entered already"):
        made.__enter__()


def test_what_is_dispatched_stands_in_the_engine(made):
    id = SendMail().dispatch({"to": "b"})
    assert lightjobs.engine().find(id).queue == "default"
    assert lightjobs.engine().count(Where(status="new")) == 1


def test_a_class_of_the_test_itself_can_be_dispatched(made):
    class Local(Job):
        def handle(self):
            return 1

    Local().dispatch({})
    assert made.work().done == 1


# The schedule.

SCHEDULE = """
from lightjobs.schedule import schedule
from tests.testing.shop import Daily, Never

schedule.job(Daily).daily().at("06:00")
schedule.job(Never).everyMinutes(30).when(lambda: False)
"""


@pytest.fixture
def scheduled(tmp_path, made, monkeypatch):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "schedule.py").write_text(SCHEDULE)
    (tmp_path / "shop_jobs.py").write_text("")
    monkeypatch.setenv("JOB_MODULES", "tests.testing.shop")
    current.use(current.engine(), None)
    return made


def test_the_moments_of_the_schedule_are_listed(scheduled):
    day = datetime(2030, 1, 1, tzinfo=UTC)
    found = scheduled.schedule(day, day + timedelta(days=2))
    mails = [moment for moment, name in found if "Daily" in name]
    assert mails == [day + timedelta(hours=6), day + timedelta(hours=30)]
    assert len(found) == 2 + 96


def test_the_schedule_is_run_up_to_a_moment(scheduled, log):
    scheduled.travel("2030-01-01 00:00:30")
    found = scheduled.run_schedule(datetime(2030, 1, 3, 7, tzinfo=UTC))
    assert [job.name for job in found] == ["Daily"] * 3
    assert scheduled.now.strftime("%Y-%m-%d %H:%M") == "2030-01-03 07:00"
    assert scheduled.work().done == 3
    assert log == ["daily"] * 3
