"""What each answer of the store does to a run: its line in the job log, its hook, its place."""

import pytest

from lightjobs import Job
from lightjobs.errors import LightjobsError, StoreUnavailable
from lightjobs.model import Done, Failed, HandBack
from lightjobs.workers import settling as room
from lightjobs.workers.in_flight import InFlight
from lightjobs.workers.prefetch import Prefetch
from lightjobs.workers.settling import Settling
from lightjobs.workers.shared.journal import Journal
from tests.support.engines import Wrapped, failing, partly

from .support import run
from .working import Recorded


class Plain(Job):
    def handle(self):
        if self.payload.get("boom"):
            raise ValueError("boom")


class Hooked(Plain):
    def onSuccess(self):
        pass

    def onFailure(self):
        pass


def settling_on(engine):
    return Settling(engine, "worker", InFlight(Journal()), Prefetch(), Recorded())


@pytest.fixture
def settling(engine):
    engine.register("worker", 30)
    return settling_on(engine)


def finished(settling, engine, job, payload=None):
    """A run of `job` that was claimed and has finished."""
    job().dispatch(payload or {})
    (claim,) = engine.claim("worker", ["default"], 1)
    in_flight = settling._in_flight
    in_flight.add([claim])
    made = in_flight.start()
    ended = run(job, claim.payload, id=claim.id, fence=claim.fence, attempts=claim.attempts)
    made.registered, made.job, made.context = ended.registered, ended.job, ended.context
    made.exception, made.outcome = ended.exception, ended.outcome
    in_flight.finish(made)
    return made


def lines(settling):
    log = settling._job_log
    return {"ended": log.ended_ids, "lost": log.lost_ids, "cancelled": log.cancelled_ids}


def settle(settling, background=False):
    runs = settling._in_flight.take_finished()
    if background:
        with settling.in_background(runs):
            pass
    else:
        settling.settle(runs)


def test_an_accepted_outcome_has_its_hook_called_and_no_further_line(settling, engine):
    made = finished(settling, engine, Hooked)
    settle(settling)
    assert list(settling.hooks) == [made]
    assert lines(settling) == {"ended": [], "lost": [], "cancelled": []}
    assert len(settling._in_flight) == 0
    assert settling._in_flight.journal.read() == []


def test_an_accepted_failure_has_its_hook_called(settling, engine):
    made = finished(settling, engine, Hooked, {"boom": True})
    assert type(made.outcome) is Failed
    settle(settling)
    assert list(settling.hooks) == [made]


def test_a_run_without_a_hook_is_not_queued_for_one(settling, engine):
    finished(settling, engine, Plain)
    settle(settling)
    assert not settling.hooks


def test_a_run_told_of_a_cancellation_that_came_to_nothing_is_logged_as_ended(settling, engine):
    made = finished(settling, engine, Hooked)
    made.cancelled = True
    settle(settling)
    assert lines(settling) == {"ended": [made.claim.id], "lost": [], "cancelled": []}
    assert list(settling.hooks) == [made]


def test_a_cancelled_outcome_is_logged_as_cancelled_and_calls_no_hook(settling, engine, caplog):
    made = finished(settling, engine, Hooked)
    engine.cancel(made.claim.id)
    settle(settling)
    assert lines(settling) == {"ended": [], "lost": [], "cancelled": [made.claim.id]}
    assert not settling.hooks
    assert len(settling._in_flight) == 0
    assert not caplog.records


def test_a_lost_outcome_is_logged_as_lost_with_a_warning_and_calls_no_hook(
    settling, engine, caplog
):
    made = finished(settling, engine, Hooked)
    engine.recover("worker")
    engine.register("other", 30)
    settle(settling)
    assert lines(settling) == {"ended": [], "lost": [made.claim.id], "cancelled": []}
    assert not settling.hooks
    assert len(settling._in_flight) == 0
    (record,) = caplog.records
    assert (record.job_id, record.job_handler) == (made.claim.id, made.claim.handler)


def test_each_run_of_a_batch_gets_its_own_answer(settling, engine):
    accepted = finished(settling, engine, Hooked)
    cancelled = finished(settling, engine, Hooked)
    engine.cancel(cancelled.claim.id)
    last = finished(settling, engine, Hooked, {"boom": True})
    settle(settling)
    assert list(settling.hooks) == [accepted, last]
    assert settling._job_log.cancelled_ids == [cancelled.claim.id]


@pytest.mark.parametrize("background", [False, True], ids=["in turn", "at once"])
def test_runs_whose_settlement_failed_are_finished_as_before_and_settled_later(engine, background):
    engine.register("worker", 30)
    settling = settling_on(Wrapped(engine, settle=failing(engine.settle, 1)))
    runs = [finished(settling, engine, Hooked) for _ in range(3)]
    in_flight = settling._in_flight
    with pytest.raises(StoreUnavailable):
        settle(settling, background)
    assert list(in_flight.finished) == runs
    assert not settling.hooks
    assert len(in_flight) == len(in_flight.journal.read()) == 3
    settle(settling)
    assert list(settling.hooks) == runs
    assert len(in_flight) == 0
    settling.close()


class TestIsWorthBackground:
    @pytest.fixture(autouse=True)
    def two_are_many(self, engine, monkeypatch):
        engine.serves_at_once = True
        monkeypatch.setattr(room, "MANY", 2)

    def runs(self, settling, engine, job=Plain, payload=None):
        return [finished(settling, engine, job, payload) for _ in range(2)]

    def test_many_plain_successes_are(self, settling, engine):
        assert settling.is_worth_background(self.runs(settling, engine))

    def test_few_are_not(self, settling, engine):
        assert not settling.is_worth_background(self.runs(settling, engine)[:1])

    def test_on_a_store_that_serves_one_request_at_a_time_none_are(self, settling, engine):
        engine.serves_at_once = False
        assert not settling.is_worth_background(self.runs(settling, engine))

    def test_a_job_of_a_schedule_entry_is_not(self, settling, engine):
        """Its outcome has a text in the journal, which only an empty journal drops."""
        runs = self.runs(settling, engine)
        runs[1].outcome = Done(runs[1].claim.id, runs[1].claim.fence, "nightly")
        assert not settling.is_worth_background(runs)

    def test_a_failure_is_not(self, settling, engine):
        runs = self.runs(settling, engine)
        assert not settling.is_worth_background(
            [*runs, finished(settling, engine, Plain, {"boom": True})]
        )

    def test_a_run_handed_back_is_not(self, settling, engine):
        runs = self.runs(settling, engine)
        runs[0].outcome = HandBack(runs[0].claim.id, runs[0].claim.fence)
        assert not settling.is_worth_background(runs)

    def test_a_run_with_a_hook_is_not(self, settling, engine):
        assert not settling.is_worth_background(self.runs(settling, engine, Hooked))

    def test_none_are_while_a_hook_waits_to_be_called(self, settling, engine):
        settling.hooks.append(finished(settling, engine, Hooked))
        assert not settling.is_worth_background(self.runs(settling, engine))


def test_runs_whose_part_of_the_store_is_away_are_owed_and_the_others_settled(engine, monkeypatch):
    monkeypatch.setattr("lightjobs.workers.in_flight.OWED_SECONDS", 0.0)
    engine.register("worker", 30)
    dispatched = Plain.dispatchMany([{}] * 4)
    away = set(dispatched[1:3])
    settling = settling_on(Wrapped(engine, settle=partly(engine, away)))
    in_flight = settling._in_flight
    in_flight.add(engine.claim("worker", ["default"], 4))
    for _ in dispatched:
        each = in_flight.start()
        each.outcome = Done(each.claim.id, each.claim.fence)
        in_flight.finish(each)
    settling.settle(in_flight.take_finished())
    assert engine.stats()["default"]["queued"] == 2
    assert [run.claim.id for run in in_flight.owed] == dispatched[1:3]
    assert len(in_flight) == len(in_flight.journal.read()) == 2
    assert not in_flight.finished
    away.clear()
    settling.settle(in_flight.take_finished())
    assert in_flight.owed == []
    assert len(in_flight) == 0
    assert engine.stats() == {}


def test_what_is_refused_is_settled_one_by_one_while_a_part_of_the_store_is_away(engine):
    engine.register("worker", 30)
    dispatched = Plain.dispatchMany([{}] * 3)
    settle = partly(engine, {dispatched[1]})

    def refusing(worker, outcomes):
        if len(outcomes) > 1:
            raise LightjobsError("refused")
        return settle(worker, outcomes)

    settling = settling_on(Wrapped(engine, settle=refusing))
    in_flight = settling._in_flight
    in_flight.add(engine.claim("worker", ["default"], 3))
    for _ in dispatched:
        each = in_flight.start()
        each.outcome = Done(each.claim.id, each.claim.fence)
        in_flight.finish(each)
    settling.settle(in_flight.take_finished())
    assert [run.claim.id for run in in_flight.owed] == [dispatched[1]]
    assert engine.stats()["default"]["queued"] == 1
